"""proa graph and proa top: who calls whom, by what a sidecar has counted."""
import json
import subprocess
import threading

import pytest

from tests.control.mesh_plane import Agent, MeshPlane, sidecar
from tests.support import binaries
from tests.support.client import Dial
from tests.support.client_h1 import Http1Client
from tests.support.deadline import wait_for
from tests.support.origin import Origin
from tests.support.ports import free_port

OBJECTS = """
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: a, namespace: shop}
spec:
  hosts: [a.shop.svc.cluster.local]
  ports: [{number: LISTEN, name: http, protocol: HTTP}]
  resolution: STATIC
  endpoints: [{address: 127.0.0.1, ports: {http: ORIGIN}}]
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: b, namespace: shop}
spec:
  hosts: [b.shop.svc.cluster.local]
  ports: [{number: LISTEN, name: http, protocol: HTTP}]
  resolution: STATIC
  endpoints: [{address: 127.0.0.1, ports: {http: ORIGIN}}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: a, namespace: shop}
spec: {hosts: [a], http: [{match: [{uri: {prefix: /broken}}], directResponse: {status: 503}}, {route: [{destination: {host: a}}]}]}
---
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: default, namespace: shop}
spec: {egress: [{bind: 127.0.0.1, captureMode: NONE, port: {number: LISTEN, name: http, protocol: HTTP}, hosts: ["./*"]}]}
"""


class Caller:
    """A workload whose calls go through its sidecar."""

    def __init__(self, directory):
        self.port, origin = free_port(), free_port()
        self.origin = Origin("a", port=origin)
        self.plane = MeshPlane(directory, "enableAutoMtls: false\ndefaultProviders: {metrics: [prometheus]}\n")
        self.plane.write("mesh.yaml", OBJECTS.replace("LISTEN", str(self.port)).replace("ORIGIN", str(origin)))
        self.agent = Agent(directory)
        self.plane.start()
        node = {"id": "sidecar~127.0.1.1~cart-1.shop~shop.svc.cluster.local", "cluster": "istio-proxy",
                "metadata": {"NAMESPACE": "shop", "WORKLOAD_NAME": "cart", "LABELS": {"app": "cart"}, "INTERCEPTION_MODE": "NONE"}}
        self.proxy = sidecar(self.plane, self.agent, directory / "proxy", "proa", "DELTA_GRPC", node)
        self.admin = f"127.0.0.1:{self.proxy.admin.port}"
        wait_for(lambda: self.call("/") == 200, "the first answer")

    def call(self, path: str) -> int:
        try:
            with Http1Client(Dial(self.port)) as client:
                return client.request("GET", path, [("host", "a")]).status
        except OSError:
            return 0

    def stop(self):
        self.proxy.stop()
        self.agent.stop()
        self.plane.stop()
        self.origin.stop()


@pytest.fixture(scope="module")
def caller(tmp_path_factory):
    made = Caller(tmp_path_factory.mktemp("caller"))
    yield made
    made.stop()


pytestmark = pytest.mark.proa_only


def proa(*words) -> subprocess.CompletedProcess:
    return subprocess.run([binaries.proa(), *map(str, words)], capture_output=True, text=True, timeout=60)


def edges(caller) -> dict[str, dict]:
    """What the cart calls, by service; what its own proxy answers goes by the host that was asked for."""
    told = json.loads(proa("graph", caller.admin, "-o", "json").stdout)
    return {each["to"]["service"]: each for each in told if each["from"]["workload"] == "cart"}


def counted(caller, service: str, what: str) -> float:
    return edges(caller).get(service, {}).get(what, 0)


def test_graph_counts_what_was_called(caller):
    service = "a.shop.svc.cluster.local"
    before = counted(caller, service, "requests")
    assert [caller.call("/") for _ in range(7)] == [200] * 7
    assert [caller.call("/broken") for _ in range(3)] == [503] * 3
    wait_for(lambda: counted(caller, service, "requests") - before == 7, "seven requests")
    assert counted(caller, service, "errors") == 0
    assert counted(caller, service, "p99Ms") > 0
    wait_for(lambda: sum(each["errors"] for each in edges(caller).values()) == 3, "three errors")


def test_graph_as_table_and_dot(caller):
    lines = proa("graph", caller.admin).stdout.splitlines()
    assert lines[0].split()[:4] == ["FROM", "TO", "REQUESTS", "ERRORS"]
    assert any(line.split()[:2] == ["shop/cart", "a.shop.svc.cluster.local"] for line in lines)
    dot = proa("graph", caller.admin, "-o", "dot").stdout
    assert dot.startswith("digraph mesh {") and '"shop/cart" -> "a.shop.svc.cluster.local"' in dot


def test_top_shows_what_happens_now(caller):
    quiet = json.loads(proa("top", caller.admin, "--once", "--seconds", "0.1", "-o", "json").stdout)
    assert quiet == []
    over = threading.Event()

    def calls():
        while not over.is_set():
            caller.call("/")

    thread = threading.Thread(target=calls)
    thread.start()
    try:
        [service] = json.loads(proa("top", caller.admin, "--once", "--seconds", "1", "-o", "json").stdout)
    finally:
        over.set()
        thread.join()
    assert service["service"] == "a.shop.svc.cluster.local"
    assert service["requestsPerSecond"] > 0 and service["errorsPerSecond"] == 0 and service["p99Ms"] > 0


def test_a_proxy_that_is_not_there():
    for command in (["graph"], ["top", "--once"]):
        told = proa(*command, "/nowhere/admin.sock")
        assert told.returncode == 1
        assert "/nowhere/admin.sock" in told.stderr
