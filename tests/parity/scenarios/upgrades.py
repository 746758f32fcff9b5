"""Upgrades, CONNECT and what may not be smuggled through them."""
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
    - match: {connect_matcher: {}}
      route: {cluster: tcp, upgrade_configs: [{upgrade_type: CONNECT, connect_config: {}}]}
    - {match: {prefix: /}, route: {cluster: a}}
clusters:
  h2: {endpoints: [a], protocol: h2, http: {explicit_http_config: {http2_protocol_options: {allow_connect: true}}}}
  tcp: {endpoints: [echo]}
""", origins={"echo": {"tcp": True}})
WEBSOCKET = [("connection", "Upgrade"), ("upgrade", "websocket"), ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="), ("sec-websocket-version", "13")]
SWITCH = R(101, [("connection", "Upgrade"), ("upgrade", "websocket")], tunnel=True)


def tunnel(target, headers=WEBSOCKET, listener="main", method="GET", early=b"", host="host.test"):
    """Opens a tunnel over HTTP/1, sends two messages, ends; returns what came back."""
    def flow(world):
        with Http1Client(world.dial(listener)) as client:
            client.send(encode(method, target, [("host", host), *headers]) + early)
            answer = client.response(method)
            seen = {"status": answer.status, "headers": sorted(
                (n, v) for n, v in answer.headers if n not in ("date", "x-envoy-upstream-service-time", "server")), "end": answer.end}
            if answer.status not in (101, 200):
                return seen
            seen["echo"], wanted = b"", len(early)
            for message in (b"hello", b"again"):
                client.send(message)
                wanted += len(message)
                while len(seen["echo"]) < wanted and (piece := client.read_until(1)):
                    seen["echo"] += piece
            return seen
    return flow


def tunnel_h2(pseudo, listener="main"):
    """The same over HTTP/2 (extended CONNECT, RFC 8441)."""
    def flow(world):
        with Http2Client(world.dial(listener)) as client:
            stream = client.start("CONNECT", "/", pseudo=pseudo, end=False)
            answer = client.answers[stream]
            while not answer.status and stream not in client.finished and client.pump():
                pass
            seen = {"status": answer.status, "end": answer.end}
            if answer.status == 200:
                client.send_body(stream, b"hello")
                while len(answer.body) < 5 and client.pump():
                    pass
                seen["echo"] = answer.body
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
