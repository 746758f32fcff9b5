"""proa sidecar run where all connections of a host are redirected to its proxy: nothing is said to the workloads."""
import json
import subprocess
import sys

import pytest

from tests.mesh import networks
from tests.mesh.mesh import APP, Control
from tests.support import binaries
from tests.support.deadline import wait_for
from tests.support.programs import Program

pytestmark = [pytest.mark.proa_only,
              pytest.mark.skipif(not networks.possible(), reason="needs network namespaces and nft")]

OBJECTS = """
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: shop}
spec: {mtls: {mode: STRICT}}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: b, namespace: shop}
spec:
  hosts: [b.shop.svc.cluster.local]
  addresses: [10.96.0.2]
  location: MESH_INTERNAL
  ports: [{number: 80, name: http, protocol: HTTP, targetPort: 8080}]
  resolution: STATIC
  endpoints:
  - {address: 10.77.0.3, labels: {app: b, security.istio.io/tlsMode: istio}, serviceAccount: b}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: b, namespace: shop}
spec:
  selector: {matchLabels: {app: b}}
  action: DENY
  rules: [{from: [{source: {principals: [cluster.local/ns/shop/sa/c]}}]}]
"""

# Connects, so that it is redirected, and prints what it got.
CLIENT = """
import http.client, json, sys
c = http.client.HTTPConnection(sys.argv[1], int(sys.argv[2]), timeout=5)
c.request("GET", "/", headers={"host": sys.argv[3]})
r = c.getresponse()
print(json.dumps([r.status, r.read().decode()]))
"""


class Host:
    """A workload beside its sidecar on a host of its own."""

    def __init__(self, network: networks.Network, control: Control, name: str, kind: str, command: list[object]):
        self.network, self.name = network, name
        self.directory = control.directory / name
        self.directory.mkdir()
        network.redirect(name)
        token = self.directory / "token"
        token.write_text(control.token(name))
        proxy = binaries.envoy() if kind == "envoy" else binaries.proa_proxy()
        self.log = self.directory / "sidecar.log"
        self.program = Program(
            [*network.within(name), binaries.proa(), "sidecar", "run", "--control", "10.77.0.1:15012", "--root",
             control.ca / "root-cert.pem", "--token-file", token, "--label", f"app={name}", "--proxy", proxy,
             "--proxy-user", "1337", "--concurrency", "1", "--drain-s", "1", "--", *command], self.log)

    def get(self, host: str, port: int, authority: str) -> tuple[int, str]:
        try:
            return tuple(json.loads(self.network.run(self.name, sys.executable, "-c", CLIENT, host, port, authority)))
        except subprocess.CalledProcessError as error:
            return 0, error.stderr.splitlines()[-1]

    def wait(self, text: str) -> "Host":
        self.program.wait_ready(lambda: text in self.log.read_text(errors="replace"), 40)
        return self


@pytest.fixture(params=["proa", "envoy"], scope="module")
def hosts(request, tmp_path_factory):
    directory = tmp_path_factory.mktemp("redirected")
    with networks.Network(a=2, b=3, c=4) as network:
        control = Control(directory, within=network.within("fabric"), secure="10.77.0.1:15012")
        control.write("mesh.yaml", OBJECTS)
        control.start()
        made = {"b": Host(network, control, "b", request.param, [sys.executable, APP, "b", 8080, 0, "0.0.0.0"])}
        made |= {name: Host(network, control, name, request.param, ["sleep", "600"]) for name in "ac"}
        made["b"].wait("app b: serving")
        for name in "ac":
            made[name].wait("sleep is process")
        plain = Program([*network.within("fabric"), sys.executable, APP, "plain", 8000, 0, "0.0.0.0"],
                        directory / "plain.log")
        wait_for(lambda: "serving" in (directory / "plain.log").read_text(), "the plain server")
        yield made
        for each in made.values():
            each.program.stop(seconds=15)
        plain.stop()
        control.stop()


def test_a_call_is_of_a_proven_identity(hosts):
    def answer() -> dict | None:
        status, body = hosts["a"].get("10.96.0.2", 80, "b.shop.svc.cluster.local")
        return json.loads(body) if status == 200 else None
    got = wait_for(answer, "an answer of b", 20)
    assert got["name"] == "b"
    assert "URI=spiffe://cluster.local/ns/shop/sa/a" in got["headers"]["x-forwarded-client-cert"]


def test_another_identity_is_denied(hosts):
    assert wait_for(lambda: hosts["c"].get("10.96.0.2", 80, "b.shop.svc.cluster.local")[0] == 403, "403", 20)


def test_who_has_no_identity_is_not_let_in(hosts):
    network = hosts["b"].network
    outside = subprocess.run([*network.within("fabric"), sys.executable, "-c", CLIENT, "10.77.0.3", "8080", "b"],
                             capture_output=True, text=True, timeout=20)
    assert outside.returncode != 0


def test_what_is_not_in_the_mesh_is_called_as_it_is(hosts):
    status, body = hosts["a"].get("10.77.0.1", 8000, "anything")
    assert (status, json.loads(body)["name"]) == (200, "plain")


def test_readiness_and_metrics_are_reached_from_outside(hosts):
    network = hosts["b"].network
    for port, path in ((15021, "/healthz/ready"), (15020, "/stats/prometheus"), (15090, "/stats/prometheus")):
        code = f"import urllib.request as r; print(r.urlopen('http://10.77.0.3:{port}{path}', timeout=5).status)"
        assert network.run("fabric", sys.executable, "-c", code).strip() == "200"
