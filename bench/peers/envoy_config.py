"""One Envoy v3 configuration, for Proa and for Envoy: the same file for both."""
import json

from peers import IDLE_SECONDS, route_prefix

_TYPE = "type.googleapis.com/envoy."
_HTTP = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
MANY = 1_000_000


def _typed(name, kind, **fields):
    return {"name": name, "typed_config": {"@type": _TYPE + kind, **fields}}


def _address(port):
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


def _common_tls(tls, ca):
    common = {"tls_certificates": [{"certificate_chain": {"filename": tls.cert}, "private_key": {"filename": tls.key}}],
              "tls_params": {"tls_minimum_protocol_version": "TLSv1_3", "tls_maximum_protocol_version": "TLSv1_3"}}
    if ca:
        common["validation_context"] = {"trusted_ca": {"filename": tls.ca}}
    return common


def _cluster(name, plan):
    cluster = {
        "name": name, "type": "STATIC", "connect_timeout": "5s",
        "load_assignment": {"cluster_name": name, "endpoints": [
            {"lb_endpoints": [{"endpoint": {"address": _address(plan.upstream)}}]}]},
        "circuit_breakers": {"thresholds": [{"max_connections": MANY, "max_pending_requests": MANY,
                                             "max_requests": MANY, "max_retries": MANY}]}}
    if plan.http2:
        cluster["typed_extension_protocol_options"] = {_HTTP: {
            "@type": f"type.googleapis.com/{_HTTP}", "explicit_http_config": {"http2_protocol_options": {}}}}
    if plan.upstream_tls:
        cluster["transport_socket"] = _typed(
            "envoy.transport_sockets.tls", "extensions.transport_sockets.tls.v3.UpstreamTlsContext",
            common_tls_context=_common_tls(plan.upstream_tls, ca=True), sni="localhost")
    return cluster


def bootstrap(plan):
    prefixes = [route_prefix(i) for i in range(plan.routes)] or ["/"]
    manager = {
        "stat_prefix": "bench", "generate_request_id": False,
        "common_http_protocol_options": {"idle_timeout": f"{IDLE_SECONDS}s"},
        "http_filters": [_typed("envoy.filters.http.router", "extensions.filters.http.router.v3.Router")],
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [
            {"match": {"prefix": prefix}, "route": {"cluster": "c0"}} for prefix in prefixes]}]}}
    chain = {"filters": [_typed(
        "envoy.filters.network.http_connection_manager",
        "extensions.filters.network.http_connection_manager.v3.HttpConnectionManager", **manager)]}
    if plan.server_tls:
        chain["transport_socket"] = _typed(
            "envoy.transport_sockets.tls", "extensions.transport_sockets.tls.v3.DownstreamTlsContext",
            common_tls_context=_common_tls(plan.server_tls, ca=plan.client_ca),
            require_client_certificate=plan.client_ca, disable_stateless_session_resumption=not plan.tickets)
    return {"static_resources": {
        "listeners": [{"name": "in", "address": _address(plan.listen), "filter_chains": [chain]}],
        "clusters": [_cluster(f"c{i}", plan) for i in range(plan.clusters)]}}


def write_config(plan, path):
    path.write_text(json.dumps(bootstrap(plan)))
    return path
