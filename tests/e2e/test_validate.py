"""--mode validate: an operator learns what is wrong before anything is served."""
import json
import subprocess

import pytest

from tests.parity import expand
from tests.support.proxy import binary

GOOD = expand.fill(expand.bootstrap("listeners: {main: {}}"), {"main.port": 10000, "barrier.port": 10001, "a.port": 10002, "log.path": "/dev/null"})


def validate(kind: str, path, text: str) -> subprocess.CompletedProcess:
    path.write_text(text)
    return subprocess.run([binary(kind), "-c", str(path), "--mode", "validate", "-l", "error"], capture_output=True, text=True, timeout=30)


def change(*path, value) -> str:
    """The good configuration with one thing changed, as YAML."""
    copy = json.loads(json.dumps(GOOD))
    place = copy
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return json.dumps(copy, indent=1)


HCM = ("static_resources", "listeners", 0, "filter_chains", 0, "filters", 0, "typed_config")
VHOST = (*HCM, "route_config", "virtual_hosts", 0)
CLUSTER = ("static_resources", "clusters", 0)
WRONG = {
    "unknown_field": (change("static_resources", "nonsense_field", value=1), "nonsense_field"),
    "unknown_field_in_any": (change(*HCM, "nonsense_field", value=1), "nonsense_field"),
    "unknown_type": (change(*HCM, "@type", value="type.googleapis.com/envoy.nowhere.v3.Nothing"), "Nothing"),
    "wrong_type": (change(*CLUSTER, "connect_timeout", value="soon"), "soon"),
    "wrong_enum": (change(*CLUSTER, "type", value="GUESS"), "GUESS"),
    "negative_number": (change(*CLUSTER, "per_connection_buffer_limit_bytes", value=-1), "per_connection_buffer_limit_bytes"),
    "missing_cluster": (change(*VHOST, "routes", 0, "route", "cluster", value="nobody"), "nobody"),
    "no_domains": (change(*VHOST, "domains", value=[]), "omains"),
    "duplicate_domain": (change(*VHOST, "domains", value=["x.test", "x.test"]), "x.test"),
    "bad_regex": (change(*VHOST, "routes", 0, "match", value={"safe_regex": {"regex": "("}}), "missing )"),
    "no_match": (change(*VHOST, "routes", 0, "match", value={}), "atch"),
    "bad_status": (change(*VHOST, "routes", 0, value={"match": {"prefix": "/"}, "direct_response": {"status": 42}}), "tatus"),
    "no_address": (change("static_resources", "listeners", 0, "address", value=None), "ddress"),
    "port_too_big": (change("static_resources", "listeners", 0, "address", "socket_address", "port_value", value=70000), "70000"),
    "router_not_last": (change(*HCM, "http_filters", value=[expand.fill(expand.http_filter({"router": {}}), {}), expand.fill(expand.http_filter({"fault": {}}), {})]), "terminal"),
    "missing_certificate_file": (change("static_resources", "listeners", 0, "filter_chains", 0, "transport_socket", value={
        "name": "envoy.transport_sockets.tls", "typed_config": {"@type": expand.any_type("transport_sockets.tls.v3.DownstreamTlsContext"), "common_tls_context": {
            "tls_certificates": [{"certificate_chain": {"filename": "/nowhere.crt"}, "private_key": {"filename": "/nowhere.key"}}]}}}), "/nowhere."),
    "pseudo_header_removed": (change(*VHOST, "request_headers_to_remove", value=[":path"]), "header"),
    "bad_formatter": (change(*VHOST, "request_headers_to_add", value=[{"header": {"key": "x", "value": "%NOT_AN_OPERATOR%"}}]), "NOT_AN_OPERATOR"),
    "weights_zero": (change(*VHOST, "routes", 0, "route", value={"weighted_clusters": {"clusters": [{"name": "a", "weight": 0}]}}), "eight"),
    "not_yaml": ("static_resources: {listeners: [", ""),
}


def test_good_configuration(kind, tmp_path):
    said = validate(kind, tmp_path / "good.yaml", json.dumps(GOOD))
    assert said.returncode == 0, said.stderr
    assert "OK" in said.stdout + said.stderr


def test_routes_may_come_from_elsewhere(kind, tmp_path):
    copy = json.loads(json.dumps(GOOD))
    manager = copy["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"]
    routes = manager.pop("route_config")
    named = {"@type": "type.googleapis.com/envoy.config.route.v3.RouteConfiguration", **routes}
    (tmp_path / "routes.yaml").write_text(json.dumps({"resources": [named]}))
    manager["rds"] = {"route_config_name": routes["name"], "config_source": {
        "resource_api_version": "V3", "path_config_source": {"path": str(tmp_path / "routes.yaml")}}}
    said = validate(kind, tmp_path / "rds.yaml", json.dumps(copy))
    assert said.returncode == 0, said.stdout + said.stderr


@pytest.mark.parametrize("name", WRONG)
def test_wrong_configuration_is_refused_and_named(kind, tmp_path, name):
    text, names = WRONG[name]
    said = validate(kind, tmp_path / "wrong.yaml", text)
    assert said.returncode not in (0, -11, -6), said.stderr
    assert names in said.stderr + said.stdout


@pytest.mark.proa_only
def test_position_of_the_mistake_is_told(kind, tmp_path):
    said = validate(kind, tmp_path / "wrong.yaml", "static_resources:\n  listeners: []\n  nonsense_field: 1\n")
    assert said.returncode != 0
    assert "nonsense_field" in said.stderr and "3:3" in said.stderr


@pytest.mark.proa_only
def test_set_but_not_implemented_is_reported_with_its_path(kind, tmp_path):
    text = change(*HCM, "http3_protocol_options", value={"allow_extended_connect": True})
    said = validate(kind, tmp_path / "partly.yaml", text)
    assert "http3_protocol_options" in said.stderr + said.stdout


def test_missing_file(kind, tmp_path):
    said = subprocess.run([binary(kind), "-c", str(tmp_path / "absent.yaml"), "--mode", "validate"], capture_output=True, text=True, timeout=30)
    assert said.returncode != 0 and "absent.yaml" in said.stderr + said.stdout


def test_config_yaml_on_the_command_line(kind):
    said = subprocess.run([binary(kind), "--config-yaml", json.dumps(GOOD), "--mode", "validate"], capture_output=True, text=True, timeout=30)
    assert said.returncode == 0, said.stderr


def test_version(kind):
    said = subprocess.run([binary(kind), "--version"], capture_output=True, text=True, timeout=30)
    assert said.returncode == 0 and "version" in said.stdout + said.stderr
