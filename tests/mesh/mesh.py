"""A mesh on loopback, without redirection: `proa control` with a certificate authority, and workloads beside sidecars.

Each workload has an address of its own (127.0.0.N); a Sidecar object has the proxies listen themselves."""
import json
import os
import subprocess
import sys
from pathlib import Path

from tests.support import binaries
from tests.support.admin import Admin
from tests.support.client import Dial, Response
from tests.support.client_h1 import Http1Client
from tests.support.deadline import wait_for
from tests.support.ports import Reservation
from tests.support.programs import Program

NAMESPACE = "shop"
APP = Path(__file__).with_name("app.py")

STRICT = """
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: shop}
spec: {mtls: {mode: STRICT}}
"""

SERVER = """
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {{name: {name}, namespace: shop}}
spec:
  hosts: [{name}.shop.svc.cluster.local]
  location: MESH_INTERNAL
  ports: [{{number: {port}, name: http, protocol: HTTP}}]
  resolution: STATIC
  endpoints:
  - address: {address}
    ports: {{http: {inbound}}}
    labels: {{app: {name}, security.istio.io/tlsMode: istio}}
    serviceAccount: {name}
---
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {{name: {name}, namespace: shop}}
spec:
  workloadSelector: {{labels: {{app: {name}}}}}
  ingress:
  - port: {{number: {inbound}, name: http, protocol: HTTP}}
    bind: {address}
    defaultEndpoint: 127.0.0.1:{app}
"""

CLIENT = """
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {{name: {name}, namespace: shop}}
spec:
  workloadSelector: {{labels: {{app: {name}}}}}
  egress:
  - port: {{number: {port}, name: http, protocol: HTTP}}
    bind: 127.0.0.1
    hosts: ["./{to}.shop.svc.cluster.local"]
"""


ONE_REQUEST = """
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: b, namespace: shop}
spec:
  host: b.shop.svc.cluster.local
  trafficPolicy: {connectionPool: {http: {maxRequestsPerConnection: 1}}}
"""


class Control:
    """proa control --config --ca."""

    def __init__(self, directory: Path, *flags: str, within: list[str] = (), secure: str = ""):
        self.directory, self.flags, self.within = directory, flags, within
        self.folder, self.ca = directory / "objects", directory / "ca"
        self.folder.mkdir(parents=True)
        self.secure = Reservation()
        self.address = secure or f"127.0.0.1:{self.secure.port}"
        self.program: Program | None = None

    def write(self, name: str, text: str) -> None:
        part = self.folder / f".{name}.part"
        part.write_text(text)
        os.replace(part, self.folder / name)

    def start(self) -> "Control":
        self.secure.release()
        before = self.log().count(" objects of ") if self.program else 0
        self.program = Program([*self.within, binaries.proa(), "control", "--config", self.folder, "--debounce-ms", "20",
                                "--ca", self.ca, "--xds", self.directory / "xds", "--secure-xds", self.address,
                                *self.flags], self.directory / "control.log")
        self.program.wait_ready(lambda: self.log().count(" objects of ") > before)
        return self

    def log(self) -> str:
        return (self.directory / "control.log").read_text()

    def token(self, account: str, *more: str) -> str:
        return subprocess.run([binaries.proa(), "token", "--ca", self.ca, "--service-account", account, "--namespace",
                               NAMESPACE, *more], check=True, capture_output=True, text=True, timeout=20).stdout.strip()

    def kill(self) -> None:
        self.program.stop(kill=True)

    def stop(self) -> None:
        if self.program:
            self.program.stop()
        self.secure.release()


class Sidecar:
    """proa sidecar run -- COMMAND."""

    def __init__(self, control: Control, name: str, address: str, *flags: str, kind: str = "proa",
                 command: list[object] = (), token: str | None = None, account: str | None = None,
                 env: dict[str, str] | None = None):
        self.control, self.name, self.address = control, name, address
        self.directory = control.directory / name
        self.directory.mkdir(exist_ok=True)
        self.ports = ports = {each: Reservation() for each in ("admin", "metrics", "readiness", "status")}
        self.admin = Admin(ports["admin"].port)
        self.token_file = self.directory / "token"
        self.token_file.write_text(token if token is not None else control.token(account or name))
        for each in ports.values():
            each.release()
        proxy = {"envoy": binaries.envoy, "proa": binaries.proa_proxy}.get(kind, lambda: kind)()
        self.argv = [binaries.proa(), "sidecar", "run", "--control", f"127.0.0.1:{control.secure.port}",
                     "--root", control.ca / "root-cert.pem", "--token-file", self.token_file, "--ip", address,
                     "--label", f"app={name}", "--interception", "NONE", "--proxy", proxy, "--concurrency", "1",
                     *(part for each in ports for part in (f"--{each}", f"127.0.0.1:{ports[each].port}")),
                     "--run-dir", self.directory / "run", "--drain-s", "2", *flags,
                     *(["--", *command] if command else [])]
        self.program = Program(self.argv, self.directory / "sidecar.log", env)

    def log(self) -> str:
        return (self.directory / "sidecar.log").read_text(errors="replace")

    def wait_log(self, text: str, count: int = 1, seconds: float = 20.0) -> "Sidecar":
        self.program.wait_ready(lambda: self.log().count(text) >= count, seconds)
        return self

    def get(self, of: str, path: str, method: str = "GET") -> tuple[int, str]:
        return Admin(self.ports[of].port).get(path, method)

    def command_pid(self) -> int:
        return int(self.log().rsplit(" is process ", 1)[1].split()[0])

    def proxy_pid(self) -> int:
        return int(self.log().rsplit("the proxy is process ", 1)[1].split()[0])

    def stop(self) -> int:
        return self.program.stop(seconds=15)


def app(name: str, port: int, code: int = 0) -> list[object]:
    return [sys.executable, APP, name, port, code]


def alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False


class Pair:
    """Workload a calls workload b, over mTLS alone."""

    def __init__(self, directory: Path, kinds: tuple[str, str] = ("proa", "proa"), control_flags: tuple[str, ...] = (),
                 flags: tuple[str, ...] = (), code: int = 0):
        self.control = Control(directory, *control_flags)
        self.out, self.inbound, self.app_port = Reservation(), Reservation("127.0.0.3"), Reservation()
        self.control.write("strict.yaml", STRICT)
        self.control.write("b.yaml", SERVER.format(name="b", address="127.0.0.3", port=self.out.port,
                                                   inbound=self.inbound.port, app=self.app_port.port))
        self.control.write("a.yaml", CLIENT.format(name="a", port=self.out.port, to="b"))
        self.control.start()
        for each in (self.out, self.inbound, self.app_port):
            each.release()
        self.b = Sidecar(self.control, "b", "127.0.0.3", *flags, kind=kinds[1], command=app("b", self.app_port.port, code))
        self.a = Sidecar(self.control, "a", "127.0.0.2", *flags, kind=kinds[0], command=["sleep", "600"])
        self.b.wait_log("app b: serving")
        self.a.wait_log("sleep is process")

    def call(self, path: str = "/", *headers: tuple[str, str]) -> Response:
        with Http1Client(Dial(self.out.port)) as client:
            return client.request("GET", path, [("host", "b.shop.svc.cluster.local"), *headers])

    def answer(self) -> dict:
        def asked() -> dict | None:
            got = self.call()
            return json.loads(got.body) if got.status == 200 else None
        return wait_for(asked, "an answer of b")

    def stop(self) -> None:
        for each in (self.a, self.b):
            each.stop()
        self.control.stop()
