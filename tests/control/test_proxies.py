"""proa proxies, and the status service behind it."""
import json
import subprocess

import pytest

from tests.control.plane import Mesh
from tests.support import binaries
from tests.support.deadline import wait_for
from tests.xds import api
from tests.xds.world import cluster

pytestmark = pytest.mark.proa_only


def proxies(port: int, *more: str) -> subprocess.CompletedProcess:
    return subprocess.run([binaries.proa(), "proxies", "--control", f"127.0.0.1:{port}", *more], capture_output=True,
                          text=True, timeout=30)


@pytest.mark.parametrize("kind", ["proa", "envoy"])
def test_proxies_and_what_they_refuse_are_listed(kind, tmp_path):
    mesh = Mesh(tmp_path, kind, "DELTA_GRPC")
    try:
        mesh.write_all()
        mesh.start()
        mesh.wait_answer("a")
        port = mesh.plane.port.port

        def resources() -> dict:
            listed, = json.loads(proxies(port, "-o", "json").stdout)
            assert listed["id"] == "test-node"
            return {(each["type"], each["name"]): each for each in listed["resources"]}
        wait_for(lambda: len(resources()) == 4 and all(each["status"] == "SYNCED" for each in resources().values()),
                 "everything to be acknowledged")
        mesh.plane.write("bad.yaml", (api.CLUSTER, cluster("bad", lb_policy="CLUSTER_PROVIDED")))
        wait_for(lambda: resources().get((api.CLUSTER, "bad"), {}).get("status") == "ERROR", "the refusal")
        assert resources()[api.CLUSTER, "one"]["status"] == "SYNCED"
        assert "- id: test-node\n" in proxies(port, "-o", "yaml").stdout
        table = proxies(port).stdout
        assert "REFUSED 1 (2)" in table and "test-node refuses Cluster bad: " in table
    finally:
        mesh.stop()


def test_a_control_plane_that_is_not_there_is_an_error():
    told = proxies(1)
    assert told.returncode == 1
    assert told.stderr.startswith("proa: 127.0.0.1:1")
