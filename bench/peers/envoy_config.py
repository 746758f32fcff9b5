"""One Envoy v3 configuration, for Proa and for Envoy: the same file for both."""
import json

from peers import IDLE_SECONDS, route_prefix

_TYPE = "type.googleapis.com/envoy."
_HTTP = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
MANY = 1_000_000
# Istio's own text format.
LOG_FORMAT = (
    '[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% %RESPONSE_FLAGS% '
    '%RESPONSE_CODE_DETAILS% %CONNECTION_TERMINATION_DETAILS% "%UPSTREAM_TRANSPORT_FAILURE_REASON%" %BYTES_RECEIVED% '
    '%BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "%REQ(X-FORWARDED-FOR)%" "%REQ(USER-AGENT)%" '
    '"%REQ(X-REQUEST-ID)%" "%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%" %UPSTREAM_CLUSTER% %UPSTREAM_LOCAL_ADDRESS% '
    '%DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS% %REQUESTED_SERVER_NAME% %ROUTE_NAME%\n')


def _typed(name, kind, **fields):
    return {"name": name, "typed_config": {"@type": _TYPE + kind, **fields}}


def _address(port):
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


def _common_tls(tls, ca, http2=False):
    common = {"tls_certificates": [{"certificate_chain": {"filename": tls.cert}, "private_key": {"filename": tls.key}}],
              "tls_params": {"tls_minimum_protocol_version": "TLSv1_3", "tls_maximum_protocol_version": "TLSv1_3"}}
    if http2:
        common["alpn_protocols"] = ["h2"]
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
            common_tls_context=_common_tls(plan.upstream_tls, ca=True, http2=plan.http2), sni="localhost")
    return cluster


def _rbac():
    """What an AuthorizationPolicy of a few rules becomes: a caller that is denied a path, and who may do what."""
    def rule(principals, paths, methods):
        return {"permissions": [{"and_rules": {"rules": [
            {"or_rules": {"rules": [{"url_path": {"path": {"prefix": path}}} for path in paths]}},
            {"or_rules": {"rules": [{"header": {"name": ":method", "string_match": {"exact": method}}}
                                    for method in methods]}}]}}],
            "principals": principals}
    anyone = [{"any": True}]
    strangers = [{"authenticated": {"principal_name": {"exact": f"spiffe://cluster.local/ns/shop/sa/{name}"}}}
                 for name in ("web", "batch", "admin")]
    kind = "extensions.filters.http.rbac.v3.RBAC"
    return [_typed("deny", kind, rules={"action": "DENY", "policies": {
                "admin": rule(strangers, ["/admin", "/internal"], ["GET", "POST"])}}),
            _typed("allow", kind, rules={"action": "ALLOW", "policies": {
                "batch": rule(strangers, ["/batch"], ["POST"]), "all": rule(anyone, ["/"], ["GET", "POST"])}})]


def _access_log(path):
    return _typed("envoy.access_loggers.file", "extensions.access_loggers.file.v3.FileAccessLog", path=str(path),
                  log_format={"text_format_source": {"inline_string": LOG_FORMAT}})


def bootstrap(plan, folder):
    prefixes = [route_prefix(i) for i in range(plan.routes)] or ["/"]
    manager = {
        "stat_prefix": "bench", "generate_request_id": False,
        "common_http_protocol_options": {"idle_timeout": f"{IDLE_SECONDS}s"},
        "http_filters": [_typed("envoy.filters.http.router", "extensions.filters.http.router.v3.Router")],
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [
            {"match": {"prefix": prefix}, "route": {"cluster": "c0"}} for prefix in prefixes]}]}}
    if plan.sidecar:
        manager |= {"access_log": [_access_log(folder / "access.log")], "generate_request_id": True,
                    "forward_client_cert_details": "APPEND_FORWARD", "set_current_client_cert_details": {"uri": True}}
        manager["http_filters"] = _rbac() + manager["http_filters"]
    chain = {"filters": [_typed(
        "envoy.filters.network.http_connection_manager",
        "extensions.filters.network.http_connection_manager.v3.HttpConnectionManager", **manager)]}
    if plan.server_tls:
        chain["transport_socket"] = _typed(
            "envoy.transport_sockets.tls", "extensions.transport_sockets.tls.v3.DownstreamTlsContext",
            common_tls_context=_common_tls(plan.server_tls, ca=plan.client_ca, http2=plan.http2),
            require_client_certificate=plan.client_ca, disable_stateless_session_resumption=not plan.tickets)
    return {"static_resources": {
        "listeners": [{"name": "in", "address": _address(plan.listen), "filter_chains": [chain]}],
        "clusters": [_cluster(f"c{i}", plan) for i in range(plan.clusters)]}}


def write_config(plan, path):
    path.write_text(json.dumps(bootstrap(plan, path.parent)))
    return path
