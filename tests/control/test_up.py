"""proa up: a control plane and a gateway by one command, and both gone together."""
import os
import signal
import subprocess

import pytest

from tests.support import binaries
from tests.support.client import Dial
from tests.support.client_h1 import Http1Client
from tests.support.deadline import wait_for
from tests.support.origin import Origin
from tests.support.ports import free_port
from tests.support.programs import Program

pytestmark = pytest.mark.proa_only

OBJECTS = """
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge, namespace: shop}
spec: {selector: {istio: ingressgateway}, servers: [{port: {number: LISTEN, name: http, protocol: HTTP}, hosts: ["*"]}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: edge, namespace: shop}
spec: {hosts: ["*"], gateways: [edge], http: [{route: [{destination: {host: a.example}}]}]}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: a, namespace: shop}
spec: {hosts: [a.example], ports: [{number: ORIGIN, name: http, protocol: HTTP}], resolution: STATIC, endpoints: [{address: 127.0.0.1}]}
"""


def children(pid: int) -> list[int]:
    with open(f"/proc/{pid}/task/{pid}/children") as listed:
        return [int(each) for each in listed.read().split()]


class Up:
    def __init__(self, directory):
        self.directory, self.port, origin = directory, free_port(), free_port()
        self.origin = Origin("a", port=origin)
        mesh = directory / "mesh"
        mesh.mkdir(exist_ok=True)
        (mesh / "mesh.yaml").write_text(OBJECTS.replace("LISTEN", str(self.port)).replace("ORIGIN", str(origin)))
        ports = {name: f"127.0.0.1:{free_port()}" for name in ("--status", "--metrics", "--readiness")}
        ports |= {"--admin": str(directory / "admin.sock"), "--concurrency": "1"}
        self.program = Program([binaries.proa(), "up", mesh, "--state", directory / "state", "--xds", directory / "xds",
                                "--secure-xds", f"127.0.0.1:{free_port()}",
                                *(f"--gateway-arg={word}" for pair in ports.items() for word in pair)], directory / "up.log")
        wait_for(lambda: self.call() == 200, f"an answer by the gateway: {directory / 'up.log'}", 30)

    def call(self) -> int:
        try:
            with Http1Client(Dial(self.port)) as client:
                return client.request("GET", "/", [("host", "shop.example")]).status
        except OSError:
            return 0

    def stop(self):
        self.program.stop()
        self.origin.stop()


@pytest.fixture
def up(tmp_path):
    made = Up(tmp_path)
    yield made
    made.stop()


def test_a_folder_is_served_and_ends_as_one(up):
    both = children(up.program.pid)
    assert len(both) == 2
    assert oct((up.directory / "state").stat().st_mode & 0o777) == "0o700"
    assert "proa sidecar run --control" in (up.directory / "up.log").read_text()
    os.kill(up.program.pid, signal.SIGTERM)
    assert wait_for(lambda: not up.program.running(), "its end", 30)
    assert not any(os.path.exists(f"/proc/{pid}") for pid in both)


def test_when_one_ends_both_do(up):
    both = children(up.program.pid)
    os.kill(both[0], signal.SIGKILL)
    assert wait_for(lambda: not up.program.running(), "its end", 30)
    assert "has ended with signal 9" in (up.directory / "up.log").read_text()
    assert not any(os.path.exists(f"/proc/{pid}") for pid in both)


def test_a_folder_that_is_not_there_is_a_wrong_command_line(tmp_path):
    told = subprocess.run([binaries.proa(), "up", str(tmp_path / "none")], capture_output=True, text=True, timeout=20)
    assert told.returncode == 2
