"""Runs one case in one world and writes down, field by field, all that can be seen."""
import re

from tests.parity.feature import Case, Request
from tests.parity.world import World
from tests.support.client import Response
from tests.support.client_h1 import Http1Client, encode
from tests.support.client_h2 import Http2Client
from tests.support.deadline import wait_for
from tests.support.http1_parse import Headers

Observation = dict[str, object]

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_HEX = re.compile(r"\b(?:[0-9a-f]{32}|[0-9a-f]{16})\b")
# Trace and span ids that scenarios send: a proxy must carry them on. All others are chance.
GIVEN_IDS = {"0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", "80f198ee56343ba864fe8b2a57d3eff7", "e457b5a2e4d86bd1"}
_COUNTERS = re.compile(
    r"^(http\.(?!barrier|admin|async)[^.]+\.(downstream_rq_(\dxx|total|too_large|redirected_with_normalized_path"
    r"|rejected_via_ip_detection|timeout|header_timeout|non_relative_path|idle_timeout|failed_path_normalization)"
    r"|no_route|no_cluster|rq_redirect|rq_direct_response|rq_total|rq_retry_skipped_request_not_complete"
    r"|rq_reset_after_downstream_response_started|downstream_cx_(upgrades_total|protocol_error"
    r"|http1_total|http2_total)|rbac\..*|fault\..*|cors\..*|csrf\..*|buffer\..*|tracing\..*|jwt_authn\.(?!jwt_cache_).*"
    r"|ext_authz\..*)"
    r"|cluster\.[^.]+\.(upstream_rq_(\dxx|\d{3}|total|timeout|per_try_timeout|rx_reset|tx_reset|retry|retry_success|retry_backoff_\w+"
    r"|retry_overflow|retry_limit_exceeded|pending_overflow|pending_failure_eject|maintenance_mode|max_duration_reached)"
    r"|upstream_cx_(connect_fail|connect_timeout|overflow|none_healthy|protocol_error)|upstream_internal_redirect_.*"
    r"|retry\..*|lb_healthy_panic|lb_subsets_(selected|fallback)|bind_errors|original_dst_host_invalid"
    r"|health_check\.(success|failure)|grpc\..*|ext_authz\..*|external\.upstream_rq_\w+|canary\.upstream_rq_\w+)"
    r"|tcp\.[^.]+\.(downstream_cx_total|downstream_cx_no_route|max_downstream_connection_duration|idle_timeout)"
    r"|vhost\..*upstream_rq_\w+|listener\.(?!admin|barrier)[^.]+\.(no_filter_chain_match|ssl\.(handshake|connection_error"
    r"|fail_verify_\w+|no_certificate)|downstream_pre_cx_timeout)"
    r"|.*http_local_rate_limit\..*|.*\.ratelimit\..*|proxy_proto\..*|tls_inspector\..*|http_inspector\..*)$")


def observe(world: World, case: Case) -> Observation:
    """Everything about one run of `case`, ports by name and chance values masked."""
    if case.before:
        case.before(world)
    world.begin(case.script())
    seen: Observation = {}
    if case.flow:
        extra = case.flow(world)
        seen |= {key: _mask(world, value) for key, value in (extra or {}).items()}
    else:
        _client_side(world, case, seen)
    count = case.logs if case.logs is not None else len(case.requests)
    lines = world.drain_log(count)
    _origin_side(world, seen)
    for index, line in enumerate(lines):
        seen |= {f"log[{index}].{name}": _mask(world, value) for name, value in line.items()}
    seen["log.count"] = len(lines)
    for name, value in world.stats_delta().items():
        if _COUNTERS.match(name):
            seen[f"stat.{name}"] = value
    return seen


def _client_side(world: World, case: Case, seen: Observation) -> None:
    client = None
    for index, request in enumerate(case.requests):
        if client is None or case.fresh or not _usable(client):
            if client:
                client.close()
            try:
                client = (Http1Client if case.protocol == "h1" else Http2Client)(world.dial(case.listener, **case.dial))
            except OSError:
                seen[f"client[{index}].connect"] = "failed"
                client = None
                continue
        answer = send(world, client, request)
        seen |= {f"client[{index}].{k}": v for k, v in describe(world, answer, type(client) is Http1Client).items()}
    if client and case.tail:
        seen["client.tail"] = "open" if client.closed_by_peer(0.3) == "open" else "gone"
    if client:
        client.close()


def _usable(client: Http1Client | Http2Client) -> bool:
    return not getattr(client, "ended", "") and not getattr(client, "spoilt", False) \
        and getattr(client, "goaway", None) is None


def send(world: World, client: Http1Client | Http2Client, request: Request) -> Response:
    if isinstance(client, Http2Client):
        scheme = "https" if client.dial.tls else "http"
        stream = client.start(request.method, request.target, request.headers, authority=request.host or "",
                              scheme=scheme, body=request.body, trailers=request.trailers, end=request.end,
                              pseudo=request.pseudo)
        if request.abandon:
            wait_for(world.received, "the origin to see the request")
            client.reset(stream)
            return Response(end="abandoned")
        return client.wait(stream, request.method)
    host = [] if request.host is None else [("host", request.host)]
    data = request.raw if request.raw is not None else encode(
        request.method, request.target, host + request.headers, request.body, request.version, request.chunks,
        request.trailers)
    client.spoilt = False
    try:
        client.send(data)
        if request.close_write:
            client.shut_write()
    except OSError:
        pass                                   # the answer, if any, is still to be read
    if request.abandon:
        wait_for(world.received, "the origin to see the request")
        client.close()
        client.spoilt = True
        return Response(end="abandoned")
    answer = client.response(request.method)
    connection = " ".join(answer.header("connection")).lower()
    client.spoilt = answer.end != "complete" or "close" in connection or answer.line.startswith("HTTP/1.0")
    return answer


def describe(world: World, answer: Response, http1: bool) -> Observation:
    # FIN or RST is a race with bytes still under way: both mean that the connection is gone.
    # RST_STREAM(NO_ERROR) behind a whole answer only says that the rest of the body is not wanted.
    end = "gone" if answer.end in ("closed", "reset") else answer.end
    end = "complete" if end == "reset(0)" and answer.status else end
    fields: Observation = {"status": answer.status, "end": end, "body": _mask(world, answer.body)}
    if http1:
        fields["line"] = answer.line.strip()
    fields |= _headers(world, "header", answer.headers) | _headers(world, "trailer", answer.trailers)
    for index, (status, headers) in enumerate(answer.interim):
        fields[f"interim[{index}].status"] = status
        fields |= _headers(world, f"interim[{index}].header", headers)
    return fields


def _origin_side(world: World, seen: Observation) -> None:
    requests = world.received()
    seen["origin.count"] = len(requests)
    for index, request in enumerate(requests):
        at = f"origin[{index}]"
        seen |= {f"{at}.where": request.where, f"{at}.line": _mask(world, request.line), f"{at}.complete": request.complete,
                 f"{at}.body": _mask(world, request.body), f"{at}.protocol": request.protocol}
        seen |= _headers(world, f"{at}.header", request.headers) | _headers(world, f"{at}.trailer", request.trailers)
        if request.tls:
            seen |= {f"{at}.tls.{k}": v for k, v in request.tls.items() if k in ("alpn", "version", "sni")}
    for name, origin in world.origins.items():
        if origin.proxy_headers:
            seen[f"origin.{name}.proxy_headers"] = [_mask_proxy_header(world, h) for h in origin.proxy_headers]
    for name, origin in world.tcp.items():
        for index, connection in enumerate(origin.connections):
            seen[f"tcp.{name}[{index}].data"] = _mask(world, bytes(connection.data))


def _mask_proxy_header(world: World, header: bytes) -> str:
    if header.startswith(b"PROXY"):
        return re.sub(r"\d{4,5}", "<port>", header.decode("latin-1"))
    return (header[:24] + b"<ports>" + header[28:]).hex() if header[13] >> 4 == 1 else header.hex()


def _headers(world: World, prefix: str, headers: Headers) -> Observation:
    """By name as spelt on the wire; several values of one name keep their order."""
    fields: Observation = {}
    for name, value in headers:
        fields.setdefault(f"{prefix}.{name}", []).append(_value(world, name.lower(), value))
    return fields


def _value(world: World, name: str, value: str) -> str:
    if name == "date":
        return "<date>" if re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", value) else value
    if name == "x-envoy-upstream-service-time":
        return "<ms>" if value.isdigit() else value
    if name == "x-envoy-expected-rq-timeout-ms" and value.isdigit():
        step = 500 if int(value) > 500 else 100          # a retry carries what is left of it
        return f"<up to {-(-int(value) // step) * step}>"
    if name == "server" and value in ("envoy", "proa"):
        return "<proxy>"
    if name == "x-request-id":
        return _UUID.sub(lambda found: f"<uuid:{found[0][14]}>", value)     # nibble 14 is the trace reason
    if name in ("traceparent", "b3") or name.startswith("x-b3-"):
        return _HEX.sub(lambda found: found[0] if found[0] in GIVEN_IDS else f"<hex{len(found[0])}>", value)
    return _mask(world, value)


def _mask(world: World, value: object) -> object:
    if isinstance(value, bytes):
        text = value.decode("latin-1")
        return world.symbolic(text) if len(text) < 4096 else f"{len(text)} bytes, {hash(value)}"
    if isinstance(value, str):
        return world.symbolic(value)
    if isinstance(value, list):
        return [_mask(world, item) for item in value]
    return value
