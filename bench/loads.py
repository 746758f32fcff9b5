"""Load generators on the load's core, and the upstreams behind the proxies."""
import json
import pathlib
import re
import subprocess
import sys

from meter import Done
from programs import LOAD_CORE, Program, free_port

HERE = pathlib.Path(__file__).resolve().parent
BODY = "x" * 150
CONNECTIONS = 32
STREAMS = 10


def _output(argv):
    run = subprocess.run(["taskset", "-c", str(LOAD_CORE), *(str(word) for word in argv)], capture_output=True,
                         text=True)
    return run.stdout + run.stderr


def wrk_command(port, seconds, path="/"):
    return ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", f"http://127.0.0.1:{port}{path}"]


def wrk(port, seconds, path="/"):
    """HTTP/1.1 keep-alive, closed loop."""
    text = _output(wrk_command(port, seconds, path))
    requests = re.search(r"(\d+) requests in", text)
    trouble = re.search(r"Socket errors:.*|Non-2xx.*", text)
    if not requests:
        return Done(0, text[-300:] or "wrk said nothing")
    return Done(int(requests.group(1)), trouble.group(0).strip() if trouble else "")


def h2load_command(port, seconds):
    return ["h2load", "-t1", f"-c{CONNECTIONS}", f"-m{STREAMS}", f"-D{seconds}", "-w16", "-W20",
            "--header-table-size=4096", "--encoder-header-table-size=4096", f"http://127.0.0.1:{port}/index.html"]


def h2load(port, seconds):
    """Clear-text HTTP/2."""
    text = _output(h2load_command(port, seconds))
    counts = re.search(r"(\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout", text)
    codes = re.search(r"status codes: (\d+) 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx", text)
    if not counts or not codes:
        return Done(0, text[-300:] or "h2load said nothing")
    succeeded, *wrong = (int(n) for n in counts.groups())
    wrong += [int(n) for n in codes.groups()[1:]]
    return Done(succeeded, counts.group(0) + "; " + codes.group(0) if any(wrong) else "")


def connections_command(port, seconds, ca=None, resume=False):
    return [sys.executable, HERE / "load/connections.py", port, "--seconds", seconds,
            *(["--ca", ca] if ca else []), *(["--resume"] if resume else [])]


def connections(port, seconds, ca=None, resume=False):
    """A new connection for each request; with `ca` over TLS."""
    text = _output(connections_command(port, seconds, ca, resume))
    try:
        said = json.loads(text.splitlines()[-1])
    except (IndexError, ValueError):
        return Done(0, text[-300:] or "connections.py said nothing")
    return Done(said["done"], said["trouble"])


def http1_upstream(folder):
    """nginx that answers by itself. Returns the program and its port."""
    port = free_port()
    config = folder / "upstream.conf"
    config.write_text(f"""daemon off; master_process off; pid {folder}/upstream.pid;
error_log {folder}/upstream.err;
events {{ worker_connections 20000; }}
http {{ access_log off; keepalive_requests 1000000000; keepalive_timeout 600s;
  client_body_temp_path {folder}/upstream.body; proxy_temp_path {folder}/upstream.proxy;
  fastcgi_temp_path {folder}/upstream.fcgi; uwsgi_temp_path {folder}/upstream.uwsgi;
  scgi_temp_path {folder}/upstream.scgi;
  server {{ listen 127.0.0.1:{port} backlog=4096; location / {{ return 200 "{BODY}"; }} }} }}
""")
    program = Program(["nginx", "-e", folder / "upstream.err", "-c", config], LOAD_CORE, folder / "upstream.log")
    program.wait_port(port)
    return program, port


def http2_upstream(folder):
    """nghttpd with one small file."""
    port = free_port()
    (folder / "www").mkdir(exist_ok=True)
    (folder / "www/index.html").write_text(BODY)
    program = Program(["nghttpd", "--no-tls", "-n1", "-d", folder / "www", port], LOAD_CORE, folder / "nghttpd.log")
    program.wait_port(port)
    return program, port
