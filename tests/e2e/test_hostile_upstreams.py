"""Upstreams that break the protocol: the client gets an error in time, the proxy lives and stays small."""
import pytest

from tests.e2e.test_h2_floods import GROWTH, MB
from tests.support import h2_frames as h2
from tests.support.client_h1 import Http1Client
from tests.support.tcp_origin import Manners

CONFIG = """
listeners:
  main: {routes: [{match: {prefix: /h2}, route: {cluster: evil2, timeout: 2s}}, {match: {prefix: /}, route: {cluster: evil, timeout: 2s}}]}
clusters:
  evil: {}
  evil2: {endpoints: [evil], protocol: h2}
""", {"evil": {"tcp": True}}

OK = h2.settings()


def _answer(stream: int = 1, end: bool = False, headers=((":status", "200"),)) -> bytes:
    return h2.headers(stream, h2.header_block(list(headers)), end_stream=end)


HTTP1 = {
    "endless_header": b"HTTP/1.1 200 OK\r\nx: " + b"y" * 3_000_000,
    "endless_headers": b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 300_000,
    "endless_1xx": b"HTTP/1.1 103 Early Hints\r\nx: y\r\n\r\n" * 100_000,
    "endless_100": b"HTTP/1.1 100 Continue\r\n\r\n" * 100_000,
    "1xx_with_body": b"HTTP/1.1 103 Early Hints\r\ncontent-length: 5\r\n\r\nhelloHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
    "two_answers": b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nspoilt",
    "endless_chunk_extension": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5;" + b"x" * 3_000_000,
    "endless_trailers": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n" + b"x: y\r\n" * 300_000,
    "tls_alert": b"\x15\x03\x01\x00\x02\x02\x28",
    "nul_in_header": b"HTTP/1.1 200 OK\r\nx: \0\r\ncontent-length: 0\r\n\r\n",
    "huge_length": b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999\r\n\r\nx",
}
HTTP2 = {
    "garbage": b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
    "ping_flood": OK + h2.ping() * 200_000,
    "settings_flood": OK + h2.settings({4: 65535}) * 100_000,
    "empty_data_flood": OK + _answer() + h2.data(1) * 100_000,
    "continuation_flood": OK + h2.headers(1, h2.header_block([(":status", "200")]), end_headers=False, end_stream=False)
    + h2.continuation(1, h2.header_block([("x", "y" * 50)])) * 20_000,
    "reset_flood": OK + h2.rst_stream(1) * 100_000,
    "hpack_bomb": OK + h2.headers(1, h2.header_block([(":status", "200")]) + h2.literal(b"x", b"b" * 3900, 0x40) + b"\xbe" * 12_000, end_stream=False),
    "bad_hpack": OK + h2.headers(1, b"\xff\xff\xff\xff\xff\xff\xff"),
    "no_concurrent_streams": h2.settings({3: 0}),
    "goaway_at_once": OK + h2.frame(h2.GOAWAY, 0, 0, bytes(8)),
    "push_promise": OK + h2.frame(h2.PUSH_PROMISE, h2.END_HEADERS, 1, b"\0\0\0\2" + h2.request_block()),
    "1xx_with_end": OK + _answer(headers=((":status", "103"),), end=True),
    "endless_1xx": OK + _answer(headers=((":status", "103"),)) * 50_000,
    "no_status": OK + _answer(headers=(("x", "y"),), end=True),
    "two_statuses": OK + _answer(headers=((":status", "200"), (":status", "201")), end=True),
    "even_stream": OK + _answer(stream=2, end=True),
    "data_before_headers": OK + h2.data(1, b"x"),
    "window_overflow": OK + h2.window_update(0, 0x7FFFFFFF) * 2,
    "huge_frame": OK + h2.frame(h2.DATA, 0, 1, b"x", length=0xFFFFFF),
    "crlf_in_value": OK + _answer(headers=((":status", "200"), ("x", b"a\r\nb: c")), end=True),
    "upper_case_name": OK + _answer(headers=((":status", "200"), ("X", "y")), end=True),
    "transfer_encoding": OK + _answer(headers=((":status", "200"), ("transfer-encoding", "chunked")), end=True),
}
# Answers that a proxy may pass on as they stand, once cut to the first message.
FINE = {"two_answers", "1xx_with_body", "endless_100", "endless_1xx", "empty_data_flood"}


def judge(start, kind, path: str, name: str, data: bytes) -> None:
    world = start(CONFIG[0], origins=CONFIG[1])
    world.tcp["evil"].reset(Manners(reply=data))
    rss = world.proxy.program.resident_bytes()
    with Http1Client(world.dial("main")) as client:
        answer = client.request("GET", path, [("host", "h")])
        assert answer.status >= 500 or answer.status == 0 or answer.end != "complete" or name in FINE or kind == "envoy", answer
        assert answer.end != "timeout", "neither an answer nor an end"
    assert b"spoilt" not in answer.body and not any(b"\r" in v.encode() for _, v in answer.headers)
    grown = world.proxy.program.resident_bytes() - rss
    assert grown <= GROWTH, f"grew by {grown / MB:.1f} MB"
    assert world.proxy.program.running() and world.admin.ready()


@pytest.mark.parametrize("name", HTTP1)
def test_http1_upstream(start, kind, name):
    judge(start, kind, "/", name, HTTP1[name])


@pytest.mark.parametrize("name", HTTP2)
def test_http2_upstream(start, kind, name):
    judge(start, kind, "/h2", name, HTTP2[name])
