"""proa control --config: real sidecars, Envoy's and ours, take all that Istio's objects mean for them."""
import pathlib

import pytest

from tests.control.mesh_plane import PRODUCTPAGE, Agent, MeshPlane, sidecar
from tests.support.client import Dial
from tests.support.client_h1 import Http1Client
from tests.support.deadline import wait_for
from tests.support.origin import Origin
from tests.support.ports import Reservation

pytestmark = pytest.mark.proa_only
TESTDATA = pathlib.Path(__file__).parents[2] / "src/mesh/testdata"


@pytest.fixture(params=["proa-GRPC", "proa-DELTA_GRPC", "envoy-GRPC", "envoy-DELTA_GRPC"])
def shop(request, tmp_path):
    """The world of the captures, and the sidecar of productpage in it."""
    kind, api_type = request.param.split("-", 1)
    port, inbound = Reservation(), Reservation()
    plane = MeshPlane(tmp_path, (TESTDATA / "meshconfig.yaml").read_text() +
                      f"proxyListenPort: {port.port}\nproxyInboundListenPort: {inbound.port}\n")
    plane.write("world.yaml", (TESTDATA / "world.yaml").read_text())
    agent = Agent(tmp_path)
    plane.start()
    port.release()
    inbound.release()
    proxy = sidecar(plane, agent, tmp_path / "proxy", kind, api_type)
    yield plane, proxy
    proxy.stop()
    agent.stop()
    plane.stop()


def dump(proxy, resource: str) -> list[dict]:
    return proxy.admin.json(f"/config_dump?resource={resource}").get("configs", [])


def test_a_sidecar_takes_everything(shop):
    plane, proxy = shop
    names = {"virtualOutbound", "virtualInbound", "0.0.0.0_443", "240.1.0.4_5432", "240.1.0.5_7000", "240.1.0.6_27017"} | {
        f"0.0.0.0_{port}" for port in (80, 4317, 4318, 8000, 8080, 8081, 9000, 9080, 9090, 9411)}
    wait_for(lambda: {each["name"] for each in dump(proxy, "dynamic_listeners") if "active_state" in each} >= names,
             "all listeners")
    wait_for(lambda: {each["route_config"]["name"] for each in dump(proxy, "dynamic_route_configs")} >= {
        "80", "4317", "4318", "8000", "8080", "8081", "9000", "9080", "9090", "9411"}, "all routes")
    clusters = {each["cluster"]["name"] for each in dump(proxy, "dynamic_active_clusters")}
    assert {"outbound|9080|v2|reviews.shop.svc.cluster.local", "outbound|80||api.example.com", "BlackHoleCluster",
            "PassthroughCluster", "InboundPassthroughCluster", "inbound|9080||"} <= clusters
    assert not any("error_state" in each for each in dump(proxy, "dynamic_listeners"))
    assert "refuse" not in plane.log()


def test_a_change_reaches_a_sidecar(shop):
    plane, proxy = shop
    plane.write("new.yaml", """
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: new, namespace: shop}
spec:
  hosts: [new.example.com]
  ports: [{number: 8765, name: http, protocol: HTTP}]
  resolution: STATIC
  endpoints: [{address: 127.0.0.1}]
""")
    wait_for(lambda: "0.0.0.0_8765" in {each["name"] for each in dump(proxy, "dynamic_listeners")}, "its listener")
    (plane.folder / "new.yaml").unlink()
    wait_for(lambda: "0.0.0.0_8765" not in {each["name"] for each in dump(proxy, "dynamic_listeners")
                                            if "draining_state" not in each}, "the listener to go")


def test_a_broken_file_is_told_and_changes_nothing(shop):
    plane, proxy = shop
    wait_for(lambda: dump(proxy, "dynamic_listeners"), "listeners")
    plane.write("broken.yaml", "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: b}\nspec: {host: x}\n")
    plane.wait_log("broken.yaml:4")
    assert dump(proxy, "dynamic_listeners")


def test_a_proxy_that_does_not_say_what_it_is_gets_nothing(tmp_path):
    plane = MeshPlane(tmp_path)
    agent = Agent(tmp_path)
    plane.start()
    try:
        proxy = sidecar(plane, agent, tmp_path / "proxy", "proa", "GRPC", {"id": "me", "cluster": "x"}, wait=False)
        try:
            plane.wait_log("is not TYPE~IP~ID~DNSDOMAIN")
        finally:
            proxy.stop()
    finally:
        agent.stop()
        plane.stop()


BARE_HOST = """
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {{name: a, namespace: shop}}
spec:
  hosts: [a.example.com]
  ports: [{{number: {port}, name: http, protocol: HTTP}}]
  resolution: STATIC
  endpoints: [{{address: 127.0.0.1, ports: {{http: {origin}}}}}]
---
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {{name: default, namespace: shop}}
spec:
  outboundTrafficPolicy: {{mode: REGISTRY_ONLY}}
  egress: [{{port: {{number: {port}, name: http, protocol: HTTP}}, hosts: ["./*"]}}]
"""


@pytest.mark.parametrize("kind", ["proa", "envoy"])
def test_calls_without_redirection(kind, tmp_path):
    """A Sidecar gives the proxy a port to listen on: no rules of a firewall, no privilege."""
    origin, port = Origin("a"), Reservation()
    plane, agent = MeshPlane(tmp_path), Agent(tmp_path)
    plane.write("mesh.yaml", BARE_HOST.format(port=port.port, origin=origin.port))
    plane.start()
    node = {**PRODUCTPAGE, "metadata": {**PRODUCTPAGE["metadata"], "INTERCEPTION_MODE": "NONE"}}
    port.release()
    proxy = sidecar(plane, agent, tmp_path / "proxy", kind, "DELTA_GRPC", node)
    try:
        def answer(host: str) -> tuple[int, bytes]:
            with Http1Client(Dial(port.port)) as client:
                got = client.request("GET", "/", [("host", host)])
            return got.status, got.body
        wait_for(lambda: dump(proxy, "dynamic_route_configs"), "routes")
        assert answer("a.example.com") == (200, b"a")
        assert answer("b.example.com")[0] == 502
    finally:
        for each in (proxy, agent, plane, origin):
            each.stop()


GATEWAY = """
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {{name: a, namespace: shop}}
spec:
  hosts: [a.example.com]
  ports: [{{number: 80, name: http, protocol: HTTP}}]
  resolution: STATIC
  endpoints: [{{address: 127.0.0.1, ports: {{http: {origin}}}}}]
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {{name: edge, namespace: shop}}
spec:
  selector: {{istio: gw}}
  servers: [{{port: {{number: {port}, name: http, protocol: HTTP}}, bind: 127.0.0.1, hosts: ["*.example.com"]}}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: a, namespace: shop}}
spec:
  hosts: [shop.example.com]
  gateways: [edge]
  http: [{{route: [{{destination: {{host: a.example.com, port: {{number: 80}}}}}}]}}]
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {{name: a, namespace: shop}}
spec:
  selector: {{matchLabels: {{istio: gw}}}}
  action: DENY
  rules: [{{to: [{{operation: {{paths: [/secret*]}}}}]}}]
"""


@pytest.mark.parametrize("kind", ["proa", "envoy"])
def test_a_gateway(kind, tmp_path):
    """A router serves the hosts of its Gateway, but for what a policy denies."""
    origin, port = Origin("a"), Reservation()
    plane, agent = MeshPlane(tmp_path), Agent(tmp_path)
    plane.write("mesh.yaml", GATEWAY.format(port=port.port, origin=origin.port))
    plane.start()
    node = {**PRODUCTPAGE, "id": "router~127.0.9.1~gw-1.shop~shop.svc.cluster.local",
            "metadata": {**PRODUCTPAGE["metadata"], "LABELS": {"istio": "gw"}, "INSTANCE_IPS": "127.0.9.1"}}
    port.release()
    proxy = sidecar(plane, agent, tmp_path / "proxy", kind, "DELTA_GRPC", node)
    try:
        def answer(host: str, path: str = "/") -> tuple[int, bytes]:
            with Http1Client(Dial(port.port)) as client:
                got = client.request("GET", path, [("host", host)])
            return got.status, got.body
        wait_for(lambda: dump(proxy, "dynamic_route_configs"), "routes")
        assert answer("shop.example.com") == (200, b"a")
        assert answer("other.example.com")[0] == 404
        assert answer("shop.example.com", "/secret/x")[0] == 403
    finally:
        for each in (proxy, agent, plane, origin):
            each.stop()
