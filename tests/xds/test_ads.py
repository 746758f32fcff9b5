"""Listeners, routes, clusters and endpoints from an aggregated stream, in both of its kinds."""
import signal

import pytest

from tests.support.client_h1 import Http1Client
from tests.support.deadline import wait_for
from tests.xds import api
from tests.xds.world import assignment, bootstrap, cluster, listener, manager, routes, socket_address


def test_everything_comes_from_the_control_plane(world):
    world.serve_one()
    proxy = world.start()
    assert world.answered_by() == "a"
    stats = proxy.admin.stats("control_plane|cluster_manager|listener_manager")
    assert stats["control_plane.connected_state"] == 1
    assert stats["cluster_manager.active_clusters"] == 2
    node = world.control.nodes[0]
    assert node.id == "test-node" and node.metadata["ROLE"] == "gateway"


def test_routes_change_under_a_kept_connection(world):
    world.serve_one()
    world.control.set(api.CLUSTER, cluster("b"))
    world.control.set(api.ENDPOINTS, assignment("b", world.origins["b"].port))
    world.start()
    with Http1Client(world.dial()) as client:
        assert client.request("GET", "/", [("host", "test")]).body == b"a"
        version = world.control.set(api.ROUTES, routes("r", "b"))
        assert world.control.wait_answer(api.ROUTES, version).error == ""
        wait_for(lambda: client.request("GET", "/", [("host", "test")]).body == b"b", "the new route")


def test_endpoints_change(world):
    world.serve_one()
    world.start()
    assert world.answered_by() == "a"
    world.control.set(api.ENDPOINTS, assignment("a", world.origins["c"].port))
    world.wait_answered_by("c")
    world.control.set(api.ENDPOINTS, assignment("a"))
    world.wait_answered_by("503")


@pytest.mark.proa_only
def test_a_changed_cluster_keeps_its_endpoints(world):
    """The server does not say them again; Envoy waits for them."""
    world.serve_one()
    proxy = world.start()
    version = world.control.set(api.CLUSTER, cluster("a", connect_timeout="2s", per_connection_buffer_limit_bytes=9999))
    assert world.control.wait_answer(api.CLUSTER, version).error == ""
    wait_for(lambda: proxy.admin.stats("cluster_manager")["cluster_manager.cluster_modified"] == 1, "the new cluster")
    wait_for(lambda: proxy.admin.stats("cluster_manager")["cluster_manager.warming_clusters"] == 0, "it to be warm")
    assert world.answered_by() == "a"


def test_clusters_and_listeners_come_and_go(world):
    world.serve_one()
    world.start()
    world.control.set(api.CLUSTER, cluster("b"))
    world.control.set(api.ENDPOINTS, assignment("b", world.origins["b"].port))
    world.control.set(api.ROUTES, routes("r2", "b"))
    world.control.set(api.LISTENER, listener("second", world.ports["second"].port, "r2"))
    world.wait_answered_by("b", "second")
    world.control.remove(api.LISTENER, "second")
    world.wait_answered_by("", "second")
    world.control.remove(api.CLUSTER, "a")
    world.wait_answered_by("503")


def test_a_listener_waits_for_its_routes(world):
    world.serve_one()
    world.start()
    version = world.control.set(api.LISTENER, listener("second", world.ports["second"].port, "later"))
    assert world.control.wait_answer(api.LISTENER, version).error == "", "valid in itself"
    assert world.answered_by("second") == ""
    world.control.set(api.ROUTES, routes("later", "a"))
    world.wait_answered_by("a", "second")


def test_what_is_good_of_a_bad_response_is_applied(world):
    world.serve_one()
    proxy = world.start()
    bad = {"name": "bad", "address": socket_address(world.ports["second"].port), "filter_chains": [
        {"filters": [manager(route_config=routes("x", "a"), stat_prefix="")]}]}
    version = world.control.set(api.LISTENER, bad, listener("second", world.ports["second"].port, "r"))
    error = world.control.wait_answer(api.LISTENER, version).error
    assert "bad" in error, error
    world.wait_answered_by("a", "second")
    assert world.answered_by() == "a"
    assert proxy.admin.ready()


def test_the_last_configuration_serves_without_its_control_plane(world):
    world.serve_one()
    proxy = world.start()
    world.control.stop()
    wait_for(lambda: proxy.admin.stats("control_plane")["control_plane.connected_state"] == 0, "the stream to end")
    assert world.answered_by() == "a"
    world.control.set(api.ENDPOINTS, assignment("a", world.origins["b"].port))
    world.control.start()
    world.wait_answered_by("b")


@pytest.mark.proa_only
def test_a_reload_keeps_what_the_control_plane_said(world):
    world.serve_one()
    proxy = world.start()
    whole = bootstrap(world.control, world.api_type)
    whole["static_resources"]["clusters"].append({"name": "of-the-file", "load_assignment": assignment("of-the-file")})
    proxy.write_config(whole)
    proxy.program.signal(signal.SIGHUP)
    wait_for(lambda: "cluster.of-the-file." in proxy.admin.get("/stats")[1] or
             "of-the-file" in proxy.admin.get("/clusters")[1], "the file's new cluster")
    assert world.answered_by() == "a"
    whole["dynamic_resources"]["ads_config"]["api_type"] = "GRPC" if world.api_type == "DELTA_GRPC" else "DELTA_GRPC"
    proxy.write_config(whole)
    proxy.program.signal(signal.SIGHUP)
    wait_for(lambda: "dynamic_resources" in proxy.admin.get("/config_status")[1], "the refusal of another control plane")
    assert world.answered_by() == "a"


ALS = api.PREFIX + "envoy.extensions.access_loggers.grpc.v3.HttpGrpcAccessLogConfig"
GRPC_LOG = {"name": "als", "typed_config": {"@type": ALS, "common_config": {
    "log_name": "l", "grpc_service": {"envoy_grpc": {"cluster_name": "a"}}}}}


@pytest.mark.proa_only
def test_what_is_not_supported_is_told_and_does_no_harm(world):
    world.serve_one()
    proxy = world.start()
    served = listener("second", world.ports["second"].port, "r")
    served["filter_chains"][0]["filters"][0]["typed_config"]["access_log"] = [GRPC_LOG]
    version = world.control.set(api.LISTENER, served)
    assert world.control.wait_answer(api.LISTENER, version).error == ""
    wait_for(lambda: world.answered_by("second") == "a", "the listener")
    assert proxy.admin.stats("dynamic_unsupported")["server.dynamic_unsupported_fields"] == 1


@pytest.mark.proa_only
def test_what_must_not_be_overlooked_refuses_the_resource(world):
    world.serve_one()
    world.start()
    served = listener("second", world.ports["second"].port, "r")
    guard = {"name": "guard", "typed_config": {
        "@type": api.PREFIX + "envoy.extensions.filters.http.ext_proc.v3.ExternalProcessor"}}
    served["filter_chains"][0]["filters"][0]["typed_config"]["http_filters"].insert(0, guard)
    version = world.control.set(api.LISTENER, served)
    error = world.control.wait_answer(api.LISTENER, version).error
    assert "second" in error and "ExternalProcessor" in error
    assert world.answered_by("second") == ""
