"""Expands a feature's short configuration to a whole Envoy bootstrap.

Scenarios say only what they are about; everything a listener needs besides
(address, access log, router, statistics prefix) is the same for all and added
here. All short forms are plain Envoy fields once expanded:

listeners.NAME.vhosts / routes   virtual hosts, or the routes of one for "*"
listeners.NAME.filters           list of {SHORT: config} put before the router
listeners.NAME.hcm               merged over the HTTP connection manager
listeners.NAME.route_config      merged over the route configuration
listeners.NAME.listener, .chain  merged over the listener, its filter chain
listeners.NAME.network           network filters instead of an HTTP connection manager
listeners.NAME.tls               DownstreamTlsContext
clusters.NAME.endpoints          names of origins: a, b, c, refused, ...
clusters.NAME.protocol           h1 (default), h2, auto, downstream
clusters.NAME.tls                UpstreamTlsContext
"@type": http.fault.v3.X         prefix envoy.extensions.filters. or envoy.extensions. is added
${name}, ${name.port}            "127.0.0.1:PORT", PORT of an origin or listener; ${file.crt}: certificates
"""
import re

import yaml

from tests.parity.log_format import LOG

HCM = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
UPSTREAM_HTTP = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
FILTERS = {
    "fault": "HTTPFault", "cors": "Cors", "rbac": "RBAC", "local_ratelimit": "LocalRateLimit", "buffer": "Buffer",
    "header_mutation": "HeaderMutation", "health_check": "HealthCheck", "csrf": "CsrfPolicy", "router": "Router",
    "grpc_stats": "FilterConfig", "grpc_web": "GrpcWeb", "header_to_metadata": "Config", "set_metadata": "Config",
    "compressor": "Compressor", "decompressor": "Decompressor", "jwt_authn": "JwtAuthentication", "lua": "Lua",
    "basic_auth": "BasicAuth", "api_key_auth": "ApiKeyAuth", "stateful_session": "StatefulSession",
    "ext_authz": "ExtAuthz", "set_filter_state": "Config", "original_src": "OriginalSrc",
    "grpc_http1_bridge": "Config", "cdn_loop": "CdnLoopConfig", "bandwidth_limit": "BandwidthLimit",
}


def any_type(url: str) -> str:
    if url.startswith("type.googleapis.com/"):
        return url
    if url.split(".")[0] in ("http", "network", "listener", "udp") and "http.v3" not in url[:8]:
        if not url.startswith(("http.stateful_session", "http.original_ip", "http.early_header", "http.header_form",
                               "http.injected", "network.dns_resolver")):
            return f"type.googleapis.com/envoy.extensions.filters.{url}"
    return f"type.googleapis.com/envoy.extensions.{url}" if not url.startswith(("envoy.", "google.", "xds.")) \
        else f"type.googleapis.com/{url}"


def merge(base: dict, over: dict | None) -> dict:
    """`over` wins; dicts merge, everything else replaces."""
    for key, value in (over or {}).items():
        if isinstance(value, dict) and isinstance(base.get(key), dict):
            merge(base[key], value)
        else:
            base[key] = value
    return base


def fill(value: object, places: dict[str, object]) -> object:
    """Replaces ${name} everywhere; a string that is one placeholder takes its type."""
    if isinstance(value, dict):
        return {fill(k, places): any_type(v) if k == "@type" else fill(v, places) for k, v in value.items()}
    if isinstance(value, list):
        return [fill(item, places) for item in value]
    if isinstance(value, str) and "${" in value:
        whole = re.fullmatch(r"\$\{([^}]+)\}", value)
        if whole:
            return places[whole[1]]
        return re.sub(r"\$\{([^}]+)\}", lambda found: str(places[found[1]]), value)
    return value


def address(port: object, host: str = "127.0.0.1") -> dict:
    return {"socket_address": {"address": host, "port_value": port}}


def http_filter(short: dict) -> dict:
    """{fault: {...}} with its type; anything with a typed_config or name stays as it is."""
    if "name" in short:
        return short
    (name, config), = short.items()
    extra = {key: config.pop(key) for key in ("disabled", "is_optional") if isinstance(config, dict) and key in config}
    typed = {"@type": f"http.{name}.v3.{FILTERS[name]}", **(config or {})}
    return {"name": f"envoy.filters.http.{name}", "typed_config": typed, **extra}


def listener(name: str, short: dict) -> dict:
    short = dict(short or {})
    if "network" in short:
        filters = short["network"]
        for one in filters:
            one.setdefault("name", one["typed_config"]["@type"])
            if one["typed_config"]["@type"].endswith(("TcpProxy", "HttpConnectionManager")):
                one["typed_config"].setdefault("access_log", LOG)
    else:
        filters = [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager(name, short)}]
    chain = merge({"filters": filters}, short.get("chain"))
    if "tls" in short:
        chain["transport_socket"] = {"name": "envoy.transport_sockets.tls", "typed_config": {
            "@type": "transport_sockets.tls.v3.DownstreamTlsContext", **short["tls"]}}
    whole = {"name": name, "stat_prefix": name, "address": address(f"${{{name}.port}}"), "filter_chains": [chain]}
    for extra in short.get("chains", []):
        whole["filter_chains"].append(listener(name, {**short, **extra, "chains": []})["filter_chains"][0])
    return merge(whole, short.get("listener"))


def manager(name: str, short: dict) -> dict:
    vhosts = short.get("vhosts") or [{"domains": ["*"], "routes": short.get("routes") or [
        {"match": {"prefix": "/"}, "route": {"cluster": "a"}}]}]
    for index, vhost in enumerate(vhosts):
        vhost.setdefault("name", f"{name}_{index}")
    routes = merge({"name": f"{name}_routes", "virtual_hosts": vhosts}, short.get("route_config"))
    return merge({
        "@type": HCM, "stat_prefix": name, "codec_type": "AUTO", "route_config": routes, "access_log": LOG,
        "http_filters": [http_filter(f) for f in short.get("filters", [])] + [http_filter({"router": {}})],
    }, short.get("hcm"))


def cluster(name: str, short: dict | None) -> dict:
    short = dict(short or {})
    endpoints = short.pop("endpoints", None)
    protocol = short.pop("protocol", "h1")
    tls = short.pop("tls", None)
    http = short.pop("http", {})
    if endpoints is None:
        endpoints = [name]
    whole: dict = {"name": name, "connect_timeout": "2s", "type": "STATIC"}
    if endpoints:
        whole["load_assignment"] = {"cluster_name": name, "endpoints": [
            {"lb_endpoints": [_endpoint(e) for e in endpoints]}]}
    options: dict = {"h1": {"explicit_http_config": {"http_protocol_options": {}}},
                     "h2": {"explicit_http_config": {"http2_protocol_options": {}}},
                     "auto": {"auto_config": {}},
                     "downstream": {"use_downstream_protocol_config": {}}}[protocol]
    if protocol != "h1" or http:
        whole["typed_extension_protocol_options"] = {UPSTREAM_HTTP: merge(
            {"@type": f"type.googleapis.com/{UPSTREAM_HTTP}", **options}, http)}
    if tls is not None:
        whole["transport_socket"] = {"name": "envoy.transport_sockets.tls", "typed_config": {
            "@type": "transport_sockets.tls.v3.UpstreamTlsContext", **tls}}
    return merge(whole, short)


def _endpoint(given: object) -> dict:
    if isinstance(given, str):
        given = {"at": given}
    given = dict(given)
    at = given.pop("at")
    return merge({"endpoint": {"address": address(f"${{{at}.port}}")}}, given)


def bootstrap(text: str) -> dict:
    """Whole bootstrap, placeholders still in place; an extra listener `barrier` orders the access log."""
    short = yaml.safe_load(text) or {}
    clusters = {"a": {}, **(short.get("clusters") or {})}
    listeners = {**(short.get("listeners") or {}), "barrier": {"routes": [
        {"match": {"prefix": "/"}, "name": "barrier", "direct_response": {"status": 200}}]}}
    whole = {"static_resources": {
        "listeners": [listener(name, value) for name, value in listeners.items()],
        "clusters": [cluster(name, value) for name, value in clusters.items() if value != "none"]}}
    return merge(whole, short.get("bootstrap"))


def listener_names(text: str) -> list[str]:
    return [*((yaml.safe_load(text) or {}).get("listeners") or {}), "barrier"]
