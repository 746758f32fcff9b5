"""Upgrades, CONNECT and what may not be smuggled through them."""
import re

from tests.parity.feature import Feature, get, post, request
from tests.support.client_h1 import Http1Client, encode
from tests.support.client_h2 import Http2Client
from tests.support.reply import Reply

R = Reply
UPGRADES = Feature("upgrades", """
listeners:
  main:
    hcm: {upgrade_configs: [{upgrade_type: websocket}], http2_protocol_options: {allow_connect: true}}
    routes:
    - {match: {prefix: /no}, route: {cluster: a, upgrade_configs: [{upgrade_type: websocket, enabled: false}]}}
    - {match: {prefix: /timeout}, route: {cluster: a, timeout: 0.1s}}
    - {match: {prefix: /h2}, route: {cluster: h2}}
    - {match: {prefix: /}, route: {cluster: a}}
  plain: {}
  other: {hcm: {upgrade_configs: [{upgrade_type: custom}]}}
  connect:
    hcm: {upgrade_configs: [{upgrade_type: CONNECT}], http2_protocol_options: {allow_connect: true}}
    routes:
    - match: {connect_matcher: {}, headers: [{name: ":authority", string_match: {prefix: forwarded}}]}
      route: {cluster: a, upgrade_configs: [{upgrade_type: CONNECT}]}
    - match: {connect_matcher: {}, headers: [{name: ":authority", string_match: {prefix: to-h2}}]}
      route: {cluster: h2, upgrade_configs: [{upgrade_type: CONNECT}]}
    - match: {connect_matcher: {}, headers: [{name: ":authority", string_match: {prefix: refused}}]}
      route: {cluster: refused, upgrade_configs: [{upgrade_type: CONNECT, connect_config: {}}]}
    - match: {connect_matcher: {}, headers: [{name: ":authority", string_match: {prefix: v1}}]}
      route: {cluster: tcp, upgrade_configs: [{upgrade_type: CONNECT, connect_config: {proxy_protocol_config: {version: V1}}}]}
    - match: {connect_matcher: {}, headers: [{name: ":authority", string_match: {prefix: v2}}]}
      route: {cluster: tcp, upgrade_configs: [{upgrade_type: CONNECT, connect_config: {proxy_protocol_config: {version: V2}}}]}
    - match: {connect_matcher: {}}
      route: {cluster: tcp, upgrade_configs: [{upgrade_type: CONNECT, connect_config: {}}]}
    - match: {prefix: /post}
      route: {cluster: tcp, upgrade_configs: [{upgrade_type: CONNECT, connect_config: {allow_post: true}}]}
    - {match: {prefix: /}, route: {cluster: a}}
clusters:
  refused: {}
  h2: {endpoints: [a], protocol: h2, http: {explicit_http_config: {http2_protocol_options: {allow_connect: true}}}}
  tcp: {endpoints: [echo]}
""", origins={"echo": {"tcp": True}, "a": {"h2_settings": {8: 1}}})     # 8: ENABLE_CONNECT_PROTOCOL
WEBSOCKET = [("connection", "Upgrade"), ("upgrade", "websocket"), ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="), ("sec-websocket-version", "13")]
SWITCH = R(101, [("connection", "Upgrade"), ("upgrade", "websocket")], tunnel=True)


def tunnel(target, headers=WEBSOCKET, listener="main", method="GET", early=b"", host="host.test", half_close=False):
    """Opens a tunnel over HTTP/1, sends two messages, ends; returns what came back."""
    def flow(world):
        with Http1Client(world.dial(listener)) as client:
            client.send(encode(method, target, [("host", host), *headers]) + early)
            answer = client.response(method)
            seen = {"status": answer.status, "headers": sorted(
                (n, v.lower() if n == "connection" else v) for n, v in answer.headers
                if n not in ("date", "x-envoy-upstream-service-time", "server")), "end": answer.end}
            if answer.status not in (101, 200):
                return seen
            seen["echo"], wanted = b"", len(early)
            for message in (b"hello", b"again"):
                client.send(message)
                wanted += len(message)
                while len(seen["echo"]) < wanted and (piece := client.read_until(1)):
                    seen["echo"] += piece
            if half_close:
                client.shut_write()
                seen["end"] = "open" if client.closed_by_peer(0.5) == "open" else "gone"
            return seen
    return flow


def proxied_tunnel(version):
    """A tunnel whose end begins with a PROXY header, in which the client's port is chance."""
    def flow(world):
        with Http1Client(world.dial("connect")) as client:
            client.send(encode("CONNECT", f"{version}.test:80", [("host", f"{version}.test:80")]))
            seen = {"status": client.response("CONNECT").status, "echo": b""}
            client.send(b"hello")
            while not seen["echo"].endswith(b"hello") and (piece := client.read_until(1)):
                seen["echo"] += piece
        if version == "v1":
            seen["echo"] = re.sub(rb" \d+ (\d+)\r\n", rb" <port> :\1\r\n", seen["echo"])
        else:
            seen["echo"] = seen["echo"][:24] + b"<ports>" + seen["echo"][28:]
        return seen
    return flow


def post_tunnel(world):
    """A POST whose body is the tunnel."""
    with Http1Client(world.dial("connect")) as client:
        client.send(encode("POST", "/post", [("host", "host.test"), ("transfer-encoding", "chunked")]))
        client.send(b"5\r\nhello\r\n0\r\n\r\n")
        answer = client.response("POST")
        return {"status": answer.status, "body": answer.body, "end": answer.end}


def tunnel_h2(pseudo, listener="main", end=False):
    """The same over HTTP/2 (extended CONNECT, RFC 8441)."""
    def flow(world):
        with Http2Client(world.dial(listener)) as client:
            stream = client.start("CONNECT", "/", pseudo=pseudo, end=False)
            answer = client.answers[stream]
            while not answer.status and stream not in client.finished and client.pump():
                pass
            if answer.status != 200:
                client.wait(stream)
            seen = {"status": answer.status, "end": answer.end}
            if answer.status == 200 and stream not in client.finished:
                client.send_body(stream, b"hello")
                while len(answer.body) < 5 and client.pump():
                    pass
                seen["echo"] = answer.body
                if end:
                    client.send_body(stream, b"", end=True)
                    seen["end"] = client.wait(stream).end
                else:
                    client.reset(stream)
            return seen
    return flow


UPGRADES.case("websocket", flow=tunnel("/ws"), origin=SWITCH, logs=1)
UPGRADES.case("websocket_not_configured", get("/ws", *WEBSOCKET), listener="plain")
UPGRADES.case("websocket_disabled_on_route", get("/no", *WEBSOCKET))
UPGRADES.case("websocket_refused_by_origin", get("/ws", *WEBSOCKET), get("/next"), origin=[R(403, body=b"no"), R()])
UPGRADES.case("websocket_200_instead", get("/ws", *WEBSOCKET), origin=R(200, body=b"not switched"))
UPGRADES.case("websocket_route_timeout_does_not_apply", flow=tunnel("/timeout"), origin=SWITCH, logs=1)
UPGRADES.case("websocket_data_sent_early", flow=tunnel("/ws", early=b"early"), origin=SWITCH, logs=1)
UPGRADES.case("websocket_to_h2", flow=tunnel("/h2"), origin=R(200, tunnel=True), logs=1)
UPGRADES.case("websocket_mixed_case", flow=tunnel("/ws", [("connection", "keep-alive, UPGRADE"), ("upgrade", "WebSocket")]), origin=SWITCH, logs=1)
UPGRADES.case("upgrade_without_connection", get("/ws", ("upgrade", "websocket")))
UPGRADES.case("upgrade_other_type", get("/ws", ("connection", "upgrade"), ("upgrade", "other")))
UPGRADES.case("upgrade_h2c_is_ignored", get("/ws", ("connection", "upgrade, http2-settings"), ("upgrade", "h2c"), ("http2-settings", "AAMAAABkAAQAAP__")))
UPGRADES.case("custom_upgrade", flow=tunnel("/c", [("connection", "upgrade"), ("upgrade", "custom")], "other"),
              origin=R(101, [("connection", "upgrade"), ("upgrade", "custom")], tunnel=True), logs=1)
UPGRADES.case("upgrade_post_with_body", post("/ws", b"body", *WEBSOCKET), origin=R(200), dial={"seconds": 0.5})
UPGRADES.case("h2_extended_connect", logs=1, origin=SWITCH, flow=tunnel_h2(
    [(":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "http"), (":path", "/ws"), (":authority", "host.test")]))
UPGRADES.case("h2_extended_connect_to_h2", logs=1, origin=R(200, tunnel=True), flow=tunnel_h2(
    [(":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "http"), (":path", "/h2"), (":authority", "host.test")]))
UPGRADES.case("connect_terminated", flow=tunnel("x.test:80", [], "connect", "CONNECT", host="x.test:80"), logs=1)
UPGRADES.case("connect_forwarded", flow=tunnel("forwarded.test:80", [], "connect", "CONNECT", host="forwarded.test:80"), origin=R(200, tunnel=True), logs=1)
UPGRADES.case("connect_early_data", flow=tunnel("x.test:80", [], "connect", "CONNECT", early=b"early", host="x.test:80"), logs=1)
UPGRADES.case("connect_h2", logs=1, flow=tunnel_h2([(":method", "CONNECT"), (":authority", "x.test:80")], "connect"))
UPGRADES.case("connect_not_configured", request("CONNECT", "x.test:80", host="x.test:80"), listener="plain")
UPGRADES.case("connect_not_configured_h2", flow=tunnel_h2([(":method", "CONNECT"), (":authority", "x.test:80")], "plain"), logs=1)
UPGRADES.case("connect_without_port", request("CONNECT", "x.test", host="x.test"), listener="plain")
UPGRADES.case("websocket_half_close", flow=tunnel("/ws", half_close=True), origin=SWITCH, logs=1)
UPGRADES.case("h2_extended_connect_ends", logs=1, origin=SWITCH, flow=tunnel_h2(
    [(":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "http"), (":path", "/ws"), (":authority", "host.test")], end=True))
UPGRADES.case("h2_extended_connect_refused", logs=1, origin=R(403, body=b"no"), flow=tunnel_h2(
    [(":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "http"), (":path", "/ws"), (":authority", "host.test")]))
UPGRADES.case("h2_extended_connect_not_allowed", logs=1, flow=tunnel_h2(
    [(":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "http"), (":path", "/no"), (":authority", "host.test")]))
UPGRADES.case("h2_extended_connect_other_type", logs=1, flow=tunnel_h2(
    [(":method", "CONNECT"), (":protocol", "other"), (":scheme", "http"), (":path", "/ws"), (":authority", "host.test")]))
UPGRADES.case("websocket_refused_by_h2_origin", get("/h2", *WEBSOCKET), origin=R(403, body=b"no"))
UPGRADES.case("connect_terminated_half_close", flow=tunnel("x.test:80", [], "connect", "CONNECT", host="x.test:80", half_close=True), logs=1)
UPGRADES.case("connect_terminated_refused", request("CONNECT", "refused.test:80", host="refused.test:80"), listener="connect")
UPGRADES.case("connect_refused_by_origin", request("CONNECT", "forwarded.test:80", host="forwarded.test:80"), listener="connect", origin=R(403, body=b"no"))
UPGRADES.case("connect_forwarded_to_h2", flow=tunnel("to-h2.test:80", [], "connect", "CONNECT", host="to-h2.test:80"), origin=R(200, tunnel=True), logs=1)
UPGRADES.case("connect_h2_forwarded", logs=1, origin=R(200, tunnel=True), flow=tunnel_h2(
    [(":method", "CONNECT"), (":authority", "forwarded.test:80")], "connect"))
UPGRADES.case("connect_h2_forwarded_to_h2", logs=1, origin=R(200, tunnel=True), flow=tunnel_h2(
    [(":method", "CONNECT"), (":authority", "to-h2.test:80")], "connect"))
UPGRADES.case("connect_h2_ends", logs=1, flow=tunnel_h2([(":method", "CONNECT"), (":authority", "x.test:80")], "connect", end=True))
UPGRADES.case("connect_proxy_protocol_v1", flow=proxied_tunnel("v1"), logs=1, ignore=("tcp.echo[0].data", "log[0].SENT"))
UPGRADES.case("connect_proxy_protocol_v2", flow=proxied_tunnel("v2"), logs=1, ignore=("tcp.echo[0].data",))
UPGRADES.case("connect_by_post", flow=post_tunnel, logs=1)
UPGRADES.case("h2_extended_connect_200_instead", logs=1, origin=R(200, body=b"not switched"), flow=tunnel_h2(
    [(":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "http"), (":path", "/ws"), (":authority", "host.test")]))
