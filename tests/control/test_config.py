"""proa config: what a sidecar has, and whether it is what the objects say."""
import json
import subprocess

import pytest

from tests.control.mesh_plane import Agent, MeshPlane, sidecar
from tests.support import binaries
from tests.support.deadline import wait_for
from tests.support.ports import free_port

OBJECTS = """
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: a, namespace: shop}
spec:
  hosts: [a.shop.svc.cluster.local]
  addresses: [240.1.0.1]
  ports: [{number: PORT, name: http, protocol: HTTP}]
  resolution: STATIC
  endpoints: [{address: 127.0.2.1}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: a, namespace: shop}
spec: {hosts: [a], http: [{name: all, route: [{destination: {host: a}}]}]}
"""
# Without redirection it listens nowhere but where it is told to: no port of this machine is taken.
SCOPE = """---
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: default, namespace: shop}
spec: {egress: [{bind: 127.0.0.1, captureMode: NONE, port: {number: PORT, name: http, protocol: HTTP}, hosts: ["./*"]}]}
"""


@pytest.fixture(params=["proa", "envoy"])
def mesh(request, tmp_path):
    plane = MeshPlane(tmp_path, "enableAutoMtls: false\n")
    port = free_port()
    objects = (OBJECTS + SCOPE).replace("PORT", str(port))
    plane.write("mesh.yaml", objects)
    agent = Agent(tmp_path)
    plane.start()
    node = {"id": "sidecar~127.0.1.1~productpage-1.shop~shop.svc.cluster.local", "cluster": "istio-proxy",
            "metadata": {"NAMESPACE": "shop", "LABELS": {"app": "productpage"}, "INTERCEPTION_MODE": "NONE"}}
    proxy = sidecar(plane, agent, tmp_path / "proxy", request.param, "DELTA_GRPC", node)
    wait_for(lambda: proxy.admin.json("/config_dump?resource=dynamic_route_configs").get("configs"), "routes")
    yield plane, proxy, objects, port
    proxy.stop()
    agent.stop()
    plane.stop()


def config(plane, proxy, *words) -> subprocess.CompletedProcess:
    return subprocess.run([binaries.proa(), "config", f"127.0.0.1:{proxy.admin.port}", *map(str, words)],
                          capture_output=True, text=True, timeout=30)


def states(plane, proxy, *words) -> dict:
    told = json.loads(config(plane, proxy, "--config", plane.folder, "--mesh-config", plane.mesh_config, "-o", "json", *words).stdout)
    return {(each["type"], each["name"]): each for each in told}


def test_lists_what_a_proxy_has(mesh):
    plane, proxy, _, port = mesh
    told = config(plane, proxy, "--type", "cluster")
    assert told.returncode == 0, told.stderr
    assert any(line.split()[:2] == ["cluster", f"outbound|{port}||a.shop.svc.cluster.local"] for line in told.stdout.splitlines())
    assert "listener" not in told.stdout


def test_what_is_as_it_should_be_and_where_it_comes_from(mesh):
    plane, proxy, _, port = mesh
    all_of_it = states(plane, proxy)
    told = {kind: {each["state"] for (of, _), each in all_of_it.items() if of == kind} for kind in ("cluster", "listener", "routes")}
    assert told == {"cluster": {"same"}, "listener": {"same"}, "routes": {"same"}}
    assert all_of_it["endpoints", f"outbound|{port}||a.shop.svc.cluster.local"]["state"] == "same"
    cluster = all_of_it["cluster", f"outbound|{port}||a.shop.svc.cluster.local"]
    assert cluster["origin"] == {"object": "ServiceEntry shop/a", "file": str(plane.folder / "mesh.yaml"), "line": 2, "column": 1}
    assert cluster["resource"]["connect_timeout"] == "10s"
    assert config(plane, proxy, "--config", plane.folder, "--mesh-config", plane.mesh_config).returncode == 0


def test_what_differs_is_told_with_a_diff(mesh, tmp_path):
    plane, proxy, objects, _ = mesh
    other = tmp_path / "other"
    other.mkdir()
    (other / "mesh.yaml").write_text(objects.replace("name: all,", "name: all, timeout: 7s,") + """---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: b, namespace: shop}
spec: {hosts: [b.shop.svc.cluster.local], ports: [{number: 9090, name: tcp, protocol: TCP}], resolution: STATIC, endpoints: [{address: 127.0.2.2}]}
""")
    told = config(plane, proxy, "--config", other, "--mesh-config", plane.mesh_config, "--diff")
    assert told.returncode == 1
    assert any(line.startswith("+") and '"timeout": "7s"' in line for line in told.stdout.splitlines()), told.stdout
    assert "cluster outbound|9090||b.shop.svc.cluster.local: missing" in told.stdout


def test_a_proxy_that_is_not_there():
    told = subprocess.run([binaries.proa(), "config", "/nowhere/admin.sock"], capture_output=True, text=True, timeout=20)
    assert told.returncode == 1
    assert "/nowhere/admin.sock" in told.stderr
