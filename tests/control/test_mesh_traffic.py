"""proa control --config: what an application's calls become, through a sidecar that all its connections are redirected to.

In a network of the test's own, with services at the addresses that they have in the objects."""
import json
import re
import subprocess

import pytest

from tests.control.mesh_plane import Agent, MeshPlane, sidecar
from tests.support import binaries
from tests.support.client_h1 import Http1Client
from tests.support.deadline import wait_for
from tests.support.origin import Origin

namespace = pytest.importorskip("tests.istiod.namespace")
pytestmark = [pytest.mark.proa_only,
              pytest.mark.skipif(not namespace.possible(), reason="needs a network namespace and nft")]

OBJECTS = """
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: a, namespace: shop}
spec:
  hosts: [a.shop.svc.cluster.local]
  addresses: [240.1.0.1]
  ports: [{number: 80, name: http, protocol: HTTP}]
  resolution: STATIC
  endpoints: [{address: 127.0.2.1, ports: {http: 9080}}]
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: b, namespace: shop}
spec:
  hosts: [b.shop.svc.cluster.local]
  addresses: [240.1.0.2]
  ports: [{number: 80, name: http, protocol: HTTP}]
  resolution: STATIC
  endpoints: [{address: 127.0.2.2, ports: {http: 9080}}]
---
apiVersion: v1
kind: Service
metadata: {name: any, namespace: shop}
spec: {clusterIP: 240.1.0.3, ports: [{port: 7000}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: any-1, namespace: shop, labels: {kubernetes.io/service-name: any}}
addressType: IPv4
endpoints: [{addresses: [127.0.2.1]}]
ports: [{port: 9080}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: a, namespace: shop}
spec:
  hosts: [a]
  http:
  - match: [{headers: {x-to: {exact: b}}}]
    route: [{destination: {host: b}}]
  - match: [{uri: {prefix: /gone}}]
    directResponse: {status: 410}
  - route: [{destination: {host: a}}]
"""


@pytest.fixture(params=["proa-GRPC", "proa-DELTA_GRPC", "envoy-DELTA_GRPC"])
def mesh(request, tmp_path):
    kind, api_type = request.param.split("-", 1)
    with namespace.Namespace():
        plane = MeshPlane(tmp_path, "enableAutoMtls: false\noutboundTrafficPolicy: {mode: REGISTRY_ONLY}\n")
        plane.write("mesh.yaml", OBJECTS)
        agent = Agent(tmp_path)
        origins = [Origin("a", host="127.0.2.1", port=9080), Origin("b", host="127.0.2.2", port=9080)]
        plane.start()
        proxy = sidecar(plane, agent, tmp_path / "proxy", kind, api_type)
        wait_for(lambda: "80" in {each["route_config"]["name"] for each in proxy.admin.json(
            "/config_dump?resource=dynamic_route_configs").get("configs", [])}, "routes")
        yield plane
        proxy.stop()
        agent.stop()
        plane.stop()
        for origin in origins:
            origin.stop()


class Dialed:
    """The application's connection to a service's address."""

    def __init__(self, host: str, port: int):
        self.host, self.port = host, port

    def connect(self):
        return namespace.connect(self.host, self.port, namespace.OUTBOUND)


def answer(host: str, port: int, authority: str, path: str = "/", *headers: tuple[str, str]) -> str:
    with Http1Client(Dialed(host, port)) as client:
        got = client.request("GET", path, [("host", authority), *headers])
    return got.body.decode() if got.status == 200 else str(got.status)


def test_calls_go_where_the_objects_say(mesh):
    for authority in ("a", "a.shop", "a.shop.svc.cluster.local", "a.shop.svc.cluster.local:80", "240.1.0.1"):
        assert answer("240.1.0.1", 80, authority) == "a"
    assert answer("240.1.0.2", 80, "b") == "b"
    assert answer("240.1.0.1", 80, "a", "/", ("x-to", "b")) == "b"
    assert answer("240.1.0.1", 80, "a", "/gone/x") == "410"


def test_an_unknown_host_is_refused(mesh):
    assert answer("240.1.0.1", 80, "elsewhere.example.com") == "502"


def test_http_is_found_at_a_port_that_declares_nothing(mesh):
    assert answer("240.1.0.3", 7000, "whatever") == "a"


def test_routes_move_with_the_files(mesh):
    mesh.write("mesh.yaml", OBJECTS.replace("destination: {host: a}", "destination: {host: b}"))
    wait_for(lambda: answer("240.1.0.1", 80, "a") == "b", "the new route")


def explained(plane, host: str, authority: str, path: str, *headers: tuple[str, str]) -> str:
    """What proa explain says that answer() would give, from the plane's files alone."""
    told = subprocess.run([binaries.proa(), "explain", "--config", plane.folder, "--mesh-config", plane.mesh_config,
                           "--from", "shop/productpage", "--label", "app=productpage", "--to", f"http://{host}:80{path}", "-o", "json",
                           *(f"--header={name}:{value}" for name, value in [("host", authority), *headers])],
                          capture_output=True, text=True, timeout=30)
    way = json.loads(told.stdout)["from"]
    if "cluster" not in way or way["cluster"]["name"] == "BlackHoleCluster":
        return re.search(r"answers (\d+)", way["outcome"])[1]
    return way["cluster"]["name"].split("|")[3].split(".")[0]


@pytest.mark.parametrize("mesh", ["proa-DELTA_GRPC"], indirect=True)
def test_explain_says_what_happens(mesh):
    for case in [("240.1.0.1", "a", "/"), ("240.1.0.1", "a.shop", "/x"), ("240.1.0.2", "b", "/"), ("240.1.0.1", "240.1.0.1", "/"),
                 ("240.1.0.1", "a", "/", ("x-to", "b")), ("240.1.0.1", "b", "/gone/x"), ("240.1.0.1", "a", "/gone/x"),
                 ("240.1.0.1", "a", "/x/../gone"), ("240.1.0.1", "elsewhere.example.com", "/")]:
        host, authority, path, *headers = case
        assert explained(mesh, host, authority, path, *headers) == answer(host, 80, authority, path, *headers), case
