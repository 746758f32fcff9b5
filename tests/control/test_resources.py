"""proa control --resources: real proxies, Envoy's and ours, in both protocols."""
import threading

import pytest

from tests.control.plane import Mesh, Plane
from tests.support.deadline import wait_for
from tests.xds import api
from tests.xds.world import cluster

pytestmark = pytest.mark.proa_only


@pytest.fixture(params=["proa-GRPC", "proa-DELTA_GRPC", "envoy-GRPC", "envoy-DELTA_GRPC"])
def mesh(request, tmp_path):
    kind, api_type = request.param.split("-", 1)
    made = Mesh(tmp_path, kind, api_type)
    yield made
    made.stop()


def test_a_proxy_serves_what_the_folder_says(mesh):
    mesh.write_all()
    mesh.start()
    mesh.wait_answer("a")


def test_endpoints_move(mesh):
    mesh.write_all()
    mesh.start()
    mesh.wait_answer("a")
    mesh.write_cluster("one", "b")
    mesh.wait_answer("b")


def test_a_changed_cluster_gets_its_endpoints_again(mesh):
    mesh.write_all()
    mesh.start()
    mesh.wait_answer("a")
    mesh.write_cluster("one", "a", connect_timeout="2s")
    mesh.plane.wait_log("has changed")
    mesh.write_cluster("one", "b", connect_timeout="3s")
    mesh.wait_answer("b")


def test_no_request_fails_while_routes_move_to_another_cluster(mesh):
    mesh.write_listener()
    mesh.write_together("one", "a")
    mesh.start()
    mesh.wait_answer("a")
    answers = ["a"]
    done = threading.Event()

    def load() -> None:
        while not done.is_set():
            answers.append(mesh.answer())
    thread = threading.Thread(target=load)
    thread.start()
    try:
        for name, who in [("two", "b"), ("one", "a"), ("two", "b")]:
            mesh.write_together(name, who)
            wait_for(lambda: answers[-1] == who, f"an answer of {who}")
    finally:
        done.set()
        thread.join()
    assert set(answers) == {"a", "b"}


def test_what_a_proxy_refuses_is_logged_and_the_rest_goes_on(mesh):
    mesh.write_all()
    mesh.start()
    mesh.wait_answer("a")
    mesh.plane.write("bad.yaml", (api.CLUSTER, cluster("bad", lb_policy="CLUSTER_PROVIDED")))
    mesh.plane.wait_log("refuses type.googleapis.com/envoy.config.cluster.v3.Cluster")
    mesh.write_cluster("one", "b")
    mesh.wait_answer("b")


def test_a_proxy_outlives_its_control_plane(mesh):
    mesh.write_all()
    mesh.start()
    mesh.wait_answer("a")
    mesh.plane.stop(kill=True)
    assert mesh.answer() == "a"
    mesh.write_cluster("one", "b")
    mesh.plane.start()
    mesh.wait_answer("b")


def test_files_that_are_wrong_change_nothing(tmp_path):
    plane = Plane(tmp_path)
    try:
        plane.write("good.yaml", (api.CLUSTER, cluster("one")))
        plane.start()
        plane.write_text("bad.yaml", "resources:\n- '@type': nonsense\n")
        plane.wait_log("bad.yaml:2")
        plane.write("bad.yaml", (api.CLUSTER, cluster("one")))
        plane.wait_log("is a second type.googleapis.com/envoy.config.cluster.v3.Cluster of the name \"one\"")
        plane.write("bad.yaml", (api.CLUSTER, cluster("two")))
        plane.wait_log("has changed: 2 resources")
    finally:
        plane.stop()


def test_a_folder_of_its_own_takes_the_place_of_what_is_common(tmp_path):
    mesh = Mesh(tmp_path, "proa", "DELTA_GRPC")
    try:
        mesh.write_all()
        mesh.write_cluster("two", "b")
        mesh.plane.write("test-cluster/routes.yaml", (api.ROUTES, {
            "name": "r", "virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [
                {"match": {"prefix": "/"}, "route": {"cluster": "two"}}]}]}))
        mesh.start()
        mesh.wait_answer("b")
    finally:
        mesh.stop()
