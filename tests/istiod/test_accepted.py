"""All that istiod sent is taken, by both protocols, and every listener serves."""
import pytest

from tests.istiod.capture import NAMES, TYPES, capture
from tests.istiod.mesh import Mesh
from tests.support.deadline import wait_for
from tests.xds import api


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("api_type", ["GRPC", "DELTA_GRPC"])
def test_nothing_is_refused_and_every_listener_is_active(name, api_type, tmp_path):
    mesh = Mesh(tmp_path, name, api_type)
    try:
        for type_url in TYPES:
            answer = mesh.agent.control.wait_answer(type_url, "1")
            assert answer.error == "", type_url
        assert mesh.agent.refusals() == []
        sent = capture(name)
        listeners = set(sent.of(api.LISTENER))
        wait_for(lambda: listeners <= active(mesh), "every listener")
        stats = mesh.stat("listener_manager|cluster_manager")
        assert stats["listener_manager.total_listeners_active"] == len(listeners)
        assert stats["cluster_manager.active_clusters"] == len(sent.of(api.CLUSTER)) + 2, "and xds-grpc, sds-grpc"
    finally:
        mesh.stop()


def active(mesh: Mesh) -> set[str]:
    dump = mesh.proxy.admin.json("/config_dump?resource=dynamic_listeners")
    return {one["name"] for one in dump["configs"] if "active_state" in one}
