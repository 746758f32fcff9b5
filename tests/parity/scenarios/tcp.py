"""tcp_proxy, PROXY protocol on both sides, other network filters, listener behaviour."""
import socket

from tests.parity.feature import Feature, get
from tests.support.client_h1 import Http1Client
from tests.support.reply import Reply
from tests.support.tcp_origin import Manners


def talk(listener: str, *messages: bytes, manners: Manners | None = None, half_close: bool = False, dial: dict | None = None,
         header: int = 0):
    """Sends messages one by one, waiting for as many bytes back, and at first for the `header` that the proxy sent before
    them; then how it ends."""
    def flow(world):
        world.tcp["echo"].reset(manners)
        client = Http1Client(world.dial(listener, seconds=2.0, **(dial or {})))
        seen = {}
        try:
            if manners and manners.banner:
                seen["banner"] = client.read_until(len(manners.banner))
            for index, message in enumerate(messages):
                seen[f"read[{index}]"] = b""          # stays so when the peer refuses at once
                client.send(message)
                seen[f"read[{index}]"] = client.read_until(len(message) + (header if index == 0 else 0))
            if half_close:
                client.shut_write()
            seen["end"] = "open" if client.closed_by_peer(0.5) == "open" else "gone"
        except (ConnectionError, TimeoutError) as error:
            seen["end"] = "gone" if isinstance(error, ConnectionError) else "silent"
        finally:
            client.close()
        return seen
    return flow


def refused(world):
    """A client whose upstream cannot be reached sees its connection end."""
    with Http1Client(world.dial("dead")) as client:
        return {"end": "open" if client.closed_by_peer(2.0) == "open" else "gone"}


TCP = Feature("tcp_proxy", """
listeners:
  main: {network: [{typed_config: {"@type": network.tcp_proxy.v3.TcpProxy, stat_prefix: main, cluster: echo}}]}
  weighted: {network: [{typed_config: {"@type": network.tcp_proxy.v3.TcpProxy, stat_prefix: weighted, weighted_clusters: {clusters: [{name: echo, weight: 1}]}}}]}
  dead: {network: [{typed_config: {"@type": network.tcp_proxy.v3.TcpProxy, stat_prefix: dead, cluster: refused}}]}
  attempts: {network: [{typed_config: {"@type": network.tcp_proxy.v3.TcpProxy, stat_prefix: attempts, cluster: half, max_connect_attempts: 3}}]}
  missing: {network: [{typed_config: {"@type": network.tcp_proxy.v3.TcpProxy, stat_prefix: missing, cluster: nobody}}]}
  idle: {network: [{typed_config: {"@type": network.tcp_proxy.v3.TcpProxy, stat_prefix: idle, cluster: echo, idle_timeout: 0.15s}}]}
  longest: {network: [{typed_config: {"@type": network.tcp_proxy.v3.TcpProxy, stat_prefix: longest, cluster: echo, max_downstream_connection_duration: 0.15s}}]}
  rbac:
    network:
    - typed_config: {"@type": network.rbac.v3.RBAC, stat_prefix: "r.", rules: {action: ALLOW, policies: {p: {permissions: [{any: true}], principals: [{direct_remote_ip: {address_prefix: 127.0.0.1, prefix_len: 32}}]}}}}
    - typed_config: {"@type": network.tcp_proxy.v3.TcpProxy, stat_prefix: rbac, cluster: echo}
  sni:
    listener: {listener_filters: [{name: envoy.filters.listener.tls_inspector, typed_config: {"@type": listener.tls_inspector.v3.TlsInspector}}]}
    network:
    - typed_config: {"@type": network.sni_cluster.v3.SniCluster}
    - typed_config: {"@type": network.tcp_proxy.v3.TcpProxy, stat_prefix: sni, cluster: refused}
clusters:
  echo: {}
  refused: {}
  half: {endpoints: [refused, echo], lb_policy: ROUND_ROBIN}
""", origins={"echo": {"tcp": True}})
TCP.case("echo", flow=talk("main", b"hello", b"again"), logs=1)
TCP.case("large", flow=talk("main", b"x" * 500_000), logs=1)
TCP.case("server_speaks_first", flow=talk("main", b"", manners=Manners(banner=b"220 ready")), logs=1)
TCP.case("half_close", flow=talk("main", b"hello", manners=Manners(farewell=b"farewell"), half_close=True), logs=1)
TCP.case("server_closes", flow=talk("main", b"hello", manners=Manners(close_after=5)), logs=1)
TCP.case("server_resets", flow=talk("main", b"hello", manners=Manners(echo=False, reset_after=5)), logs=1)
TCP.case("weighted", flow=talk("weighted", b"hello"), logs=1)
TCP.case("connection_refused", flow=refused, logs=1)
TCP.case("no_such_cluster", flow=talk("missing", b"x"), logs=1, ignore=("log[0].RECEIVED",))
TCP.case("idle_timeout", flow=talk("idle", b"hello"), logs=1)
TCP.case("max_duration", flow=talk("longest", b"hello"), logs=1)
TCP.case("rbac_allowed", flow=talk("rbac", b"hello"), logs=1)
TCP.case("rbac_denied", flow=talk("rbac", b"hello", dial={"source": "127.0.0.2"}), logs=1, ignore=("log[0].RECEIVED",))
FILTERS = Feature("network_filters", """
listeners:
  rate:
    network:
    - typed_config: {"@type": network.local_ratelimit.v3.LocalRateLimit, stat_prefix: rate, token_bucket: {max_tokens: 1, tokens_per_fill: 1, fill_interval: 3600s}}
    - typed_config: {"@type": network.tcp_proxy.v3.TcpProxy, stat_prefix: rate, cluster: echo}
  limit:
    network:
    - typed_config: {"@type": network.connection_limit.v3.ConnectionLimit, stat_prefix: limit, max_connections: 1}
    - typed_config: {"@type": network.tcp_proxy.v3.TcpProxy, stat_prefix: limit, cluster: echo}
  direct: {network: [{typed_config: {"@type": network.direct_response.v3.Config, response: {inline_string: "bye"}}}]}
  echo_filter: {network: [{typed_config: {"@type": network.echo.v3.Echo}}]}
clusters:
  echo: {}
""", origins={"echo": {"tcp": True}})
FILTERS.case("rate_first", flow=talk("rate", b"hello"), logs=1)
FILTERS.case("rate_second", flow=talk("rate", b"hello"), logs=1, ignore=("log[0].*",))
FILTERS.case("direct_response", flow=talk("direct", b""), logs=0)
FILTERS.case("echo_filter", flow=talk("echo_filter", b"mirror"), logs=0)

TUNNEL = Feature("tcp_tunneling", """
listeners:
  tunneling: {network: [{typed_config: {"@type": network.tcp_proxy.v3.TcpProxy, stat_prefix: tunneling, cluster: a, tunneling_config: {hostname: "target.test:443", headers_to_add: [{header: {key: x-tunnel, value: "1"}}]}}}]}
  to_h2: {network: [{typed_config: {"@type": network.tcp_proxy.v3.TcpProxy, stat_prefix: to_h2, cluster: h2, tunneling_config: {hostname: "target.test:443"}}}]}
  by_post: {network: [{typed_config: {"@type": network.tcp_proxy.v3.TcpProxy, stat_prefix: by_post, cluster: a, tunneling_config: {hostname: target.test, use_post: true, post_path: /tunnel}}}]}
  by_post_h2: {network: [{typed_config: {"@type": network.tcp_proxy.v3.TcpProxy, stat_prefix: by_post_h2, cluster: h2, tunneling_config: {hostname: target.test, use_post: true}}}]}
  formatted:
    network:
    - typed_config:
        "@type": network.tcp_proxy.v3.TcpProxy
        stat_prefix: formatted
        cluster: a
        tunneling_config: {hostname: "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%:443", headers_to_add: [{header: {key: x-from, value: "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%"}}, {header: {key: x-none, value: "%REQUESTED_SERVER_NAME%"}}]}
  attempts: {network: [{typed_config: {"@type": network.tcp_proxy.v3.TcpProxy, stat_prefix: attempts, cluster: a, max_connect_attempts: 2, tunneling_config: {hostname: "target.test:443"}}}]}
  unreachable: {network: [{typed_config: {"@type": network.tcp_proxy.v3.TcpProxy, stat_prefix: unreachable, cluster: refused, tunneling_config: {hostname: "target.test:443"}}}]}
  kept:
    network:
    - typed_config:
        "@type": network.tcp_proxy.v3.TcpProxy
        stat_prefix: kept
        cluster: h2
        tunneling_config: {hostname: target.test, use_post: true, propagate_response_headers: true, propagate_response_trailers: true}
        access_log:
        - name: file
          typed_config:
            "@type": access_loggers.file.v3.FileAccessLog
            path: ${log.path}
            log_format: {json_format: {HEADERS: "%FILTER_STATE(envoy.tcp_proxy.propagate_response_headers:TYPED)%", TRAILERS: "%FILTER_STATE(envoy.tcp_proxy.propagate_response_trailers:TYPED)%"}}
clusters:
  echo: {}
  refused: {}
  h2: {endpoints: [a], protocol: h2}
""", origins={"echo": {"tcp": True}})
OPEN = Reply(200, tunnel=True)
TUNNEL.case("connect", flow=talk("tunneling", b"hello"), origin=OPEN, logs=1)
TUNNEL.case("large", flow=talk("tunneling", b"x" * 500_000), origin=OPEN, logs=1)
TUNNEL.case("half_close", flow=talk("tunneling", b"hello", half_close=True), origin=OPEN, logs=1)
TUNNEL.case("refused", flow=talk("tunneling", b"hello"), origin=Reply(403, body=b"no"), logs=1, ignore=("log[0].RECEIVED",))
TUNNEL.case("refused_twice", flow=talk("attempts", b"hello"), origin=Reply(403, body=b"no"), logs=1, ignore=("log[0].RECEIVED",))
TUNNEL.case("second_attempt", flow=talk("attempts", b"hello"), origin=[Reply(503, body=b"no"), OPEN], logs=1)
TUNNEL.case("closed_before_answer", flow=talk("tunneling", b"hello"), origin=Reply(close_before=True), logs=1, ignore=("log[0].RECEIVED",))
TUNNEL.case("unreachable", flow=talk("unreachable", b"hello"), logs=1, ignore=("log[0].RECEIVED",))
TUNNEL.case("formatted", flow=talk("formatted", b"hello"), origin=OPEN, logs=1)
TUNNEL.case("to_h2", flow=talk("to_h2", b"hello", b"again"), origin=OPEN, logs=1)
TUNNEL.case("to_h2_large", flow=talk("to_h2", b"x" * 500_000), origin=OPEN, logs=1)
TUNNEL.case("to_h2_half_close", flow=talk("to_h2", b"hello", half_close=True), origin=OPEN, logs=1)
TUNNEL.case("to_h2_refused", flow=talk("to_h2", b"hello"), origin=Reply(403, body=b"no"), logs=1, ignore=("log[0].RECEIVED",))
TUNNEL.case("to_h2_reset", flow=talk("to_h2", b"hello"), origin=Reply(reset_before=True), logs=1, ignore=("log[0].RECEIVED",))
TUNNEL.case("by_post_without_payload", flow=talk("by_post", b""), origin=Reply(200, body=b"", early=True), logs=1)
TUNNEL.case("by_post_h2", flow=talk("by_post_h2", b"hello", half_close=True), origin=OPEN, logs=1)
TUNNEL.case("headers_kept", flow=talk("kept", b""), origin=Reply(200, [("x-a", "1")], early=True, body=b"bye", trailers=[("x-t", "2")]), logs=1)

V1 = b"PROXY TCP4 1.2.3.4 5.6.7.8 1111 2222\r\n"
V1_6 = b"PROXY TCP6 2001:db8::1 2001:db8::2 1111 2222\r\n"
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


def v2(command: int = 1, family: int = 0x11, body: bytes | None = None, tlvs: bytes = b"") -> bytes:
    if body is None:
        body = socket.inet_aton("1.2.3.4") + socket.inet_aton("5.6.7.8") + b"\x04\x57\x08\xae"
    body += tlvs
    return SIGNATURE + bytes([0x20 | command, family]) + len(body).to_bytes(2, "big") + body


_PP = '{name: envoy.filters.listener.proxy_protocol, typed_config: {"@type": listener.proxy_protocol.v3.ProxyProtocol%s}}'
PROXY = Feature("proxy_protocol", f"""
listeners:
  main: {{hcm: {{use_remote_address: true}}, listener: {{listener_filters: [{_PP % ""}]}}}}
  optional: {{hcm: {{use_remote_address: true}}, listener: {{listener_filters: [{_PP % ", allow_requests_without_proxy_protocol: true"}]}}}}
  only_v2: {{listener: {{listener_filters: [{_PP % ", disallowed_versions: [V1]"}]}}}}
  to_v1: {{routes: [{{match: {{prefix: /}}, route: {{cluster: v1}}}}]}}
  to_v2: {{routes: [{{match: {{prefix: /}}, route: {{cluster: v2}}}}]}}
  chained: {{listener: {{listener_filters: [{_PP % ""}]}}, routes: [{{match: {{prefix: /}}, route: {{cluster: v1}}}}]}}
clusters:
  v1: {{endpoints: [p], transport_socket: {{name: p, typed_config: {{"@type": transport_sockets.proxy_protocol.v3.ProxyProtocolUpstreamTransport, config: {{version: V1}}, transport_socket: {{name: raw, typed_config: {{"@type": transport_sockets.raw_buffer.v3.RawBuffer}}}}}}}}}}
  v2: {{endpoints: [p], transport_socket: {{name: p, typed_config: {{"@type": transport_sockets.proxy_protocol.v3.ProxyProtocolUpstreamTransport, config: {{version: V2}}, transport_socket: {{name: raw, typed_config: {{"@type": transport_sockets.raw_buffer.v3.RawBuffer}}}}}}}}}}
""", origins={"p": {"proxy_protocol": True}})
for name, header in {
    "v1": V1, "v1_v6": V1_6, "v1_unknown": b"PROXY UNKNOWN\r\n", "v1_unknown_with_addresses": b"PROXY UNKNOWN 1.1.1.1 2.2.2.2 1 2\r\n",
    "v1_too_long": b"PROXY TCP4 " + b"1" * 120 + b"\r\n", "v1_bad_port": b"PROXY TCP4 1.2.3.4 5.6.7.8 99999 2\r\n", "v1_lf_only": V1.replace(b"\r", b""),
    "v1_bad_address": b"PROXY TCP4 1.2.3 5.6.7.8 1 2\r\n", "v1_extra_space": b"PROXY  TCP4 1.2.3.4 5.6.7.8 1 2\r\n",
    "v2": v2(), "v2_local": v2(command=0), "v2_local_no_body": v2(command=0, family=0, body=b""), "v2_bad_command": v2(command=5),
    "v2_v6": v2(family=0x21, body=bytes(15) + b"\1" + bytes(15) + b"\2" + b"\0\1\0\2"), "v2_unix": v2(family=0x31, body=bytes(216)),
    "v2_short_address": v2(body=b"\1\2\3"), "v2_udp": v2(family=0x12), "v2_with_tlvs": v2(tlvs=b"\xe0\0\x03abc\x04\0\x01x"),
    "v2_tlv_overruns": v2(tlvs=b"\xe0\0\x50abc"), "none": b"", "garbage": b"PROXX TCP4 1 2 3 4\r\n",
}.items():
    PROXY.case(name, get("/"), listener="main", dial={"before": header, "seconds": 1.0}, logs=0)
    PROXY.case(f"optional_{name}", get("/"), listener="optional", dial={"before": header, "seconds": 1.0}, logs=0)
PROXY.case("disallowed_version", get("/"), listener="only_v2", dial={"before": V1}, logs=0)
PROXY.case("allowed_version", get("/"), listener="only_v2", dial={"before": v2()}, logs=0)
PROXY.case("upstream_v1", get("/"), listener="to_v1")
PROXY.case("upstream_v2", get("/"), listener="to_v2")
PROXY.case("upstream_carries_client", get("/"), listener="chained", dial={"before": V1})

_RULES = _PP % ", rules: [{tlv_type: 224, on_tlv_present: {metadata_namespace: pp, key: tlv}}]"
TLV = Feature("proxy_protocol_tlv", f"""
listeners:
  tcp:
    listener: {{listener_filters: [{_RULES}]}}
    network:
    - typed_config:
        "@type": network.tcp_proxy.v3.TcpProxy
        stat_prefix: tcp
        cluster: echo
        access_log: [{{name: j, typed_config: {{"@type": access_loggers.file.v3.FileAccessLog, path: "${{log.path}}", log_format: {{json_format: {{ROUTE: "%ROUTE_NAME%", TLV: "%DYNAMIC_METADATA(pp:tlv)%"}}}}}}}}]
  tlv:
    listener: {{listener_filters: [{_RULES}]}}
    routes: [{{match: {{prefix: /}}, route: {{cluster: a}}, request_headers_to_add: [{{header: {{key: x-tlv, value: "%DYNAMIC_METADATA(pp:tlv)%"}}}}]}}]
clusters:
  echo: {{}}
""", origins={"echo": {"tcp": True}})
TLV.case("tcp", flow=talk("tcp", b"hello", dial={"before": v2(tlvs=b"\xe0\0\x03abc")}), logs=1)
TLV.case("tcp_bytes_that_are_no_text", flow=talk("tcp", b"hello", dial={"before": v2(tlvs=b"\xe0\0\x06a\xff\xc3\xa9\xe2\x82")}), logs=1)
TLV.case("tcp_twice", flow=talk("tcp", b"hello", dial={"before": v2(tlvs=b"\xe0\0\x01a\xe0\0\x01b")}), logs=1)
TLV.case("tcp_other_type", flow=talk("tcp", b"hello", dial={"before": v2(tlvs=b"\xe1\0\x01a")}), logs=1)
TLV.case("tlv_to_metadata", get("/"), listener="tlv", dial={"before": v2(tlvs=b"\xe0\0\x03abc")})

_PASS = _PP % ", pass_through_tlvs: %s"


def _with_header(config: str) -> str:
    """A cluster whose connections begin with a PROXY header."""
    raw = '{name: raw, typed_config: {"@type": transport_sockets.raw_buffer.v3.RawBuffer}}'
    return ('{endpoints: [%s], transport_socket: {name: p, typed_config: {"@type": transport_sockets.proxy_protocol.v3.'
            f'ProxyProtocolUpstreamTransport, config: {{{config}}}, transport_socket: {raw}}}}}}}')


_KEEP_ALL, _ALL, _SOME = _PASS % "{match_type: INCLUDE_ALL}", "pass_through_tlvs: {}", "pass_through_tlvs: {match_type: INCLUDE, tlv_type: [225]}"
PASS_THROUGH = Feature("proxy_protocol_pass_through", f"""
listeners:
  all: {{listener: {{listener_filters: [{_KEEP_ALL}]}}, routes: [{{match: {{prefix: /}}, route: {{cluster: all}}}}]}}
  kept_some: {{listener: {{listener_filters: [{_PASS % "{match_type: INCLUDE, tlv_type: [224]}"}]}}, routes: [{{match: {{prefix: /}}, route: {{cluster: all}}}}]}}
  kept_none: {{listener: {{listener_filters: [{_PP % ""}]}}, routes: [{{match: {{prefix: /}}, route: {{cluster: all}}}}]}}
  sent_some: {{listener: {{listener_filters: [{_KEEP_ALL}]}}, routes: [{{match: {{prefix: /}}, route: {{cluster: some}}}}]}}
  sent_none: {{listener: {{listener_filters: [{_KEEP_ALL}]}}, routes: [{{match: {{prefix: /}}, route: {{cluster: none}}}}]}}
  v1: {{listener: {{listener_filters: [{_KEEP_ALL}]}}, routes: [{{match: {{prefix: /}}, route: {{cluster: v1}}}}]}}
  tcp: {{listener: {{listener_filters: [{_KEEP_ALL}]}}, network: [{{typed_config: {{"@type": network.tcp_proxy.v3.TcpProxy, stat_prefix: tcp, cluster: echo}}}}]}}
clusters:
  all: {_with_header("version: V2, " + _ALL) % "p"}
  some: {_with_header("version: V2, " + _SOME) % "p"}
  none: {_with_header("version: V2") % "p"}
  v1: {_with_header("version: V1, " + _ALL) % "p"}
  echo: {_with_header("version: V2, " + _ALL) % "echo"}
""", origins={"p": {"proxy_protocol": True}, "echo": {"tcp": True}})
_FROM = iter(range(2000, 3000))           # a client for each case: clients share no connection


def _tlvs(tlvs: bytes) -> dict:
    addresses = socket.inet_aton("1.2.3.4") + socket.inet_aton("5.6.7.8")
    return {"before": v2(body=addresses + next(_FROM).to_bytes(2, "big") + b"\x08\xae", tlvs=tlvs)}


_TWO = b"\xe0\0\x03abc\xe1\0\x01d"
for name in ("all", "kept_some", "kept_none", "sent_some", "sent_none", "v1"):
    PASS_THROUGH.case(name, get("/"), listener=name, dial=_tlvs(_TWO))
PASS_THROUGH.case("empty_value", get("/"), listener="all", dial=_tlvs(b"\xe0\0\0"))
PASS_THROUGH.case("none_came", get("/"), listener="all", dial=_tlvs(b""))
PASS_THROUGH.case("twice", get("/"), listener="all", dial=_tlvs(b"\xe0\0\x01a\xe0\0\x01b"))
PASS_THROUGH.case("reserved_types", get("/"), listener="all", dial=_tlvs(b"\x01\0\x02h2\x02\0\x01h\x05\0\x01u"))
PASS_THROUGH.case("from_v1", get("/"), listener="all", dial={"before": V1})
PASS_THROUGH.case("v6", get("/"), listener="all", dial={
    "before": v2(family=0x21, body=bytes(15) + b"\1" + bytes(15) + b"\2" + b"\0\1\0\2", tlvs=b"\xe0\0\x01x")})
PASS_THROUGH.case("local", get("/"), listener="all", dial={"before": v2(command=0, family=0, body=b"", tlvs=b"\xe0\0\x01x")})
PASS_THROUGH.case("tcp", flow=talk("tcp", b"hello", dial=_tlvs(_TWO), header=28 + len(_TWO)), logs=1)

_INSPECTOR = '{name: envoy.filters.listener.http_inspector, typed_config: {"@type": listener.http_inspector.v3.HttpInspector}}'
_TLS_INSPECTOR = '{name: envoy.filters.listener.tls_inspector, typed_config: {"@type": listener.tls_inspector.v3.TlsInspector}}'
INSPECTED = Feature("http_inspector", f"""
listeners:
  main: {{hcm: {{http_protocol_options: {{accept_http_10: true}}}}, listener: {{listener_filters: [{_INSPECTOR}]}}}}
  both: {{listener: {{listener_filters: [{_TLS_INSPECTOR}, {_INSPECTOR}]}}}}
""")
INSPECTED.case("http11", get("/"))
INSPECTED.case("http10", get("/", version="HTTP/1.0"))
INSPECTED.case("h2c", get("/"), protocol="h2")
INSPECTED.case("behind_tls_inspector", get("/"), listener="both")
INSPECTED.case("other", get(raw=b"hello there\r\n\r\n"), logs=0)
INSPECTED.case("nothing", get(raw=b""), dial={"seconds": 0.3}, logs=0)
