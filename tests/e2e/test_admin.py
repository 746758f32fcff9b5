"""The operator's surface, by the names that istioctl, dashboards and recipes use."""
import json
import re

import pytest

from tests.support.client_h1 import Http1Client
from tests.support.deadline import wait_for


def hit(world, path="/x"):
    with Http1Client(world.dial("main")) as client:
        return client.request("GET", path, [("host", "h")])


def test_ready_and_server_info(start):
    admin = start().admin
    assert admin.get("/ready") == (200, "LIVE\n")
    info = admin.json("/server_info")
    assert info["state"] == "LIVE"
    assert info["command_line_options"]["concurrency"] == 1
    assert re.fullmatch(r"[0-9a-f]{40}/[\d.]+/(Clean|Modified)/(RELEASE|DEBUG)/\w+", info["version"])
    assert "uptime_current_epoch" in info


def test_stats_formats_agree(start):
    world = start()
    hit(world)
    plain = world.admin.stats()
    assert plain["http.main.downstream_rq_2xx"] == 1
    assert plain["cluster.a.upstream_rq_200"] == 1
    as_json = {s["name"]: s["value"] for s in world.admin.json("/stats?format=json")["stats"] if "name" in s}
    assert as_json["http.main.downstream_rq_2xx"] == 1
    status, text = world.admin.get("/stats/prometheus")
    assert status == 200
    assert 'envoy_http_downstream_rq_xx{envoy_response_code_class="2",envoy_http_conn_manager_prefix="main"} 1' in text
    assert 'envoy_cluster_upstream_rq{envoy_response_code="200",envoy_cluster_name="a"} 1' in text
    assert "# TYPE envoy_cluster_upstream_rq counter" in text


def test_stats_filters(start):
    world = start()
    hit(world)
    assert all(name.startswith("cluster.a.") for name in world.admin.stats("^cluster.a."))
    used = world.admin.get("/stats?usedonly")[1]
    assert "cluster.a.upstream_rq_200" in used and "upstream_rq_retry_overflow" not in used


def test_gauges_that_went_back_to_zero_are_used(start):
    world = start()
    hit(world)
    page = "/stats?usedonly&filter=^cluster.a.upstream_rq_active"
    wait_for(lambda: world.admin.get(page)[1] == "cluster.a.upstream_rq_active: 0\n", "the request to end")
    assert json.loads(world.admin.get(page + "&format=json")[1])["stats"][0]["value"] == 0
    assert 'envoy_cluster_upstream_rq_active{envoy_cluster_name="a"} 0' in world.admin.get(page + "&format=prometheus")[1]


def test_watchdog_counters(start):
    """For each thread, and for each kind of thread."""
    world = start(concurrency=2)
    threads = ["server.worker_0", "server.worker_1", "server.main_thread", "workers", "main_thread"]
    expected = {f"{thread}.watchdog_{what}" for thread in threads for what in ("miss", "mega_miss")}
    assert set(world.admin.stats("watchdog")) == expected


def test_reset_counters(start):
    world = start()
    hit(world)
    assert world.admin.post("/reset_counters")[0] == 200
    assert world.admin.stats("downstream_rq_2xx").get("http.main.downstream_rq_2xx", 0) == 0


def test_config_dump(start):
    dump = start().admin.json("/config_dump")["configs"]
    types = [config["@type"].rsplit(".", 1)[-1] for config in dump]
    assert {"BootstrapConfigDump", "ClustersConfigDump", "ListenersConfigDump", "RoutesConfigDump"} <= set(types)
    clusters = next(c for c in dump if c["@type"].endswith("ClustersConfigDump"))
    assert [c["cluster"]["name"] for c in clusters["static_clusters"]] == ["a"]


def test_config_dump_of_one_resource(start):
    dump = start().admin.json("/config_dump?resource=static_clusters")["configs"]
    assert [c["cluster"]["name"] for c in dump] == ["a"]


def test_clusters(start):
    world = start()
    hit(world)
    text = world.admin.get("/clusters")[1]
    assert f"a::127.0.0.1:{world.port('a')}::rq_success::1" in text
    status = world.admin.json("/clusters?format=json")["cluster_statuses"]
    host = next(c for c in status if c["name"] == "a")["host_statuses"][0]
    assert host["address"]["socket_address"]["port_value"] == world.port("a")
    assert host["health_status"]["eds_health_status"] == "HEALTHY"


def test_listeners(start):
    world = start()
    assert f"main::127.0.0.1:{world.port('main')}" in world.admin.get("/listeners")[1]
    names = {s["name"] for s in world.admin.json("/listeners?format=json")["listener_statuses"]}
    assert names == {"main", "barrier"}


def test_certs_and_no_private_key_anywhere(start):
    config = """
listeners:
  main: {tls: {common_tls_context: {tls_certificates: [{certificate_chain: {filename: "${server.crt}"}, private_key: {filename: "${server.key}"}}]}}}
"""
    admin = start(config).admin
    certificate = admin.json("/certs")["certificates"][0]["cert_chain"][0]
    assert {"serial_number", "days_until_expiration", "subject_alt_names"} <= certificate.keys()
    assert "PRIVATE KEY" not in admin.get("/config_dump")[1]


def test_inline_private_key_is_redacted(start):
    from tests.support import certs
    files = certs.paths()
    inline = {"certificate_chain": {"filename": files["server.crt"]}, "private_key": {"inline_string": open(files["server.key"]).read()}}
    admin = start("listeners: {main: {tls: {common_tls_context: {tls_certificates: [" + json.dumps(inline) + "]}}}}").admin
    dump = admin.get("/config_dump")[1]
    assert "PRIVATE KEY" not in dump and "redacted" in dump.lower()


def test_runtime(start):
    world = start("""
listeners: {main: {routes: [{name: yes, match: {prefix: /, runtime_fraction: {runtime_key: my.key, default_value: {numerator: 0}}}, route: {cluster: a}}]}}
bootstrap: {layered_runtime: {layers: [{name: base, static_layer: {my.other: 7}}, {name: admin, admin_layer: {}}]}}
""".replace("name: yes", "name: chosen"))
    assert world.admin.json("/runtime")["entries"]["my.other"]["final_value"] == "7"
    assert hit(world).status == 404
    assert world.admin.post("/runtime_modify?my.key=100")[0] == 200
    wait_for(lambda: hit(world).status == 200, "the runtime value to reach the worker")


def test_logging_level(start):
    admin = start().admin
    assert admin.post("/logging?level=debug")[0] == 200
    assert "debug" in admin.post("/logging")[1]


@pytest.mark.parametrize("path", ["/quitquitquit", "/healthcheck/fail", "/reset_counters", "/drain_listeners", "/runtime_modify?a=b"])
def test_changes_need_post(start, path):
    admin = start().admin
    assert admin.get(path)[0] in (400, 405)
    assert admin.ready()


def test_unknown_page(start):
    status, text = start().admin.get("/nothing")
    assert status == 404 and "/stats" in text


@pytest.mark.parametrize("path", ["/help", "/", "/memory", "/hot_restart_version", "/init_dump", "/stats?format=html", "/config_dump?include_eds", "/stats/recentlookups"])
def test_page_exists(start, path):
    assert start().admin.get(path)[0] == 200


def test_health_fail_and_ok(start):
    admin = start().admin
    assert admin.post("/healthcheck/fail")[0] == 200
    assert admin.get("/ready")[0] == 503
    assert admin.post("/healthcheck/ok")[0] == 200
    assert admin.ready()


def test_quit(start):
    world = start()
    assert world.admin.post("/quitquitquit")[0] == 200
    assert world.proxy.program.wait_end() == 0
