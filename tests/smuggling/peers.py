"""Other people's HTTP/1 servers, each telling how it read a request.

Go and Node answer themselves; nginx and HAProxy forward to a recording origin,
whose answer tells what they forwarded.
"""
import shutil
from pathlib import Path

from tests.smuggling.court import echo
from tests.support.binaries import go_program
from tests.support.client import Dial
from tests.support.client_h1 import Http1Client
from tests.support.deadline import wait_for
from tests.support.origin import Origin
from tests.support.ports import free_port
from tests.support.programs import Program

HERE = Path(__file__).parent
END = b"GET /end HTTP/1.1\r\nhost: h\r\n\r\n"
LAST = "GET /end 0"

NGINX = """
daemon off; master_process off; pid {dir}/nginx.pid; error_log stderr error;
events {{}}
http {{
  access_log off; merge_slashes off; ignore_invalid_headers off; client_body_temp_path {dir}/body; proxy_temp_path {dir}/proxy;
  fastcgi_temp_path {dir}/f; uwsgi_temp_path {dir}/u; scgi_temp_path {dir}/s; large_client_header_buffers 8 64k;
  server {{ listen 127.0.0.1:{port}; location / {{ proxy_http_version 1.1; proxy_pass http://127.0.0.1:{origin}; }} }}
}}
"""
HAPROXY = """
global
  tune.bufsize 131072
defaults
  mode http
  timeout client 5s
  timeout server 5s
  timeout connect 5s
frontend f
  bind 127.0.0.1:{port}
  default_backend b
backend b
  server s 127.0.0.1:{origin}
"""


class Peers:
    """All peers that are installed, running. `ports` by name."""

    def __init__(self, directory: Path):
        self.directory = directory
        self.origin = Origin("behind")
        self.origin.script = echo
        self.programs: list[Program] = []
        self.ports: dict[str, int] = {}
        self._own("go", [str(go_program("http-view", HERE / "go"))])
        self._own("node", [_tool("node"), str(HERE / "node/view.js")])
        self._configured("nginx", NGINX, lambda path: [_tool("nginx"), "-p", str(directory), "-c", path])
        self._configured("haproxy", HAPROXY, lambda path: [_tool("haproxy"), "-db", "-f", path])

    def _own(self, name: str, argv: list[str]) -> None:
        program = Program(argv, self.directory / f"{name}.out")
        self.programs.append(program)
        wait_for(lambda: program.output().strip().isdigit(), f"{name} to listen")
        self.ports[name] = int(program.output())

    def _configured(self, name: str, text: str, argv) -> None:
        port = free_port()
        path = self.directory / f"{name}.conf"
        path.write_text(text.format(dir=self.directory, port=port, origin=self.origin.port))
        program = Program(argv(str(path)), self.directory / f"{name}.out")
        self.programs.append(program)
        program.wait_ready(lambda: _accepts(port))
        self.ports[name] = port

    def views(self, name: str, data: bytes) -> list[str] | None:
        """How the peer reads the messages in `data`; None if it refuses any of them."""
        seen = []
        with Http1Client(Dial(self.ports[name], seconds=3.0)) as client:
            client.send(data + END)
            while True:
                answer = client.response()
                if answer.status != 200:
                    return None
                view = " ".join(answer.header("x-view"))
                if view == LAST:
                    return seen
                seen.append(view)

    def stop(self) -> None:
        for program in self.programs:
            program.stop(kill=True)
        self.origin.stop()


def _accepts(port: int) -> bool:
    try:
        Dial(port).connect().close()
        return True
    except OSError:
        return False


def _tool(name: str) -> str:
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    assert found, f"{name} is not installed: run tools/setup.sh"
    return found
