"""HTTP/2 requests that must not become HTTP/1: threats H1 to H5, as raw frames."""
from dataclasses import dataclass

from tests.support import h2_frames as h2


@dataclass
class Downgrade:
    name: str
    frames: bytes                    # everything after preface and settings


def _request(extra: list = (), body: bytes | None = None, **pseudo: str | bytes | None) -> bytes:
    """One request on stream 1. `pseudo` replaces or (None) removes pseudo-headers."""
    names = {"method": "POST" if body is not None else "GET", "scheme": "http", "authority": "h", "path": "/s", **pseudo}
    block = h2.header_block([(f":{n}", v) for n, v in names.items() if v is not None] + list(extra))
    return h2.headers(1, block, end_stream=body is None) + (b"" if body is None else h2.data(1, body, end_stream=True))


def _lengths():
    """H1: content-length that disagrees with DATA."""
    for name, value in {"short": "3", "long": "9", "zero": "0", "plus": "+5", "list": "5,5", "empty": "", "overflow": "18446744073709551621", "space": "5 ",
                        "hex": "0x5", "negative": "-5", "text": "five"}.items():
        yield f"length_{name}", _request([("content-length", value)], b"12345")
    yield "length_twice", _request([("content-length", "5"), ("content-length", "6")], b"12345")
    yield "length_twice_same", _request([("content-length", "5"), ("content-length", "5")], b"12345")
    yield "length_without_body", _request([("content-length", "5")])


def _connection_headers():
    """H2: fields that only HTTP/1 has."""
    for name, value in [("transfer-encoding", "chunked"), ("transfer-encoding", "identity"), ("connection", "close"), ("connection", "x-a"), ("keep-alive", "1"),
                        ("upgrade", "websocket"), ("proxy-connection", "close"), ("te", "gzip"), ("te", "trailers, gzip"), ("http2-settings", "AAMAAABkAAQAAP__")]:
        body = b"0\r\n\r\nGET /smuggled HTTP/1.1\r\nhost: h\r\n\r\n" if name == "transfer-encoding" else None
        if name != "http2-settings":
            yield f"{name}_{value.replace(', ', '_')}", _request([(name, value)], body)
    yield "connection_upgrade", _request([("connection", "upgrade"), ("upgrade", "h2c")])


def _bytes():
    """H3: bytes that end lines or fields in HTTP/1."""
    for name, value in {"crlf": b"a\r\nx: y", "lf": b"a\nx: y", "cr": b"a\rb", "nul": b"a\0b", "crlf_request": b"a\r\n\r\nGET /smuggled HTTP/1.1\r\nhost: h\r\n\r\n",
                        "leading_space": b" a", "trailing_space": b"a ", "leading_tab": b"\ta", "trailing_tab": b"a\t", "del": b"a\x7f", "esc": b"\x1b"}.items():
        yield f"value_{name}", _request([("x-a", value)])
    for name, field in {"upper": b"X-A", "crlf": b"x\r\na", "lf": b"x\na", "colon": b"x:a", "space": b"x a", "nul": b"x\0a", "empty": b"", "cr_te": b"x: y\r\ntransfer-encoding", "leading_colon": b":x",
                        "high": b"x\xe9", "paren": b"(x)", "tab": b"x\t", "comma": b"x,y", "slash": b"x/y", "del": b"x\x7f"}.items():
        yield f"name_{name}", _request([(field, b"v")])


def _pseudo():
    """H4: pseudo-headers."""
    for name in ("method", "scheme", "path"):
        yield f"missing_{name}", _request(**{name: None})
        yield f"empty_{name}", _request(**{name: ""})
        yield f"twice_{name}", _request([(f":{name}", "/s2" if name == "path" else "GET")])
    yield "twice_authority", _request([(":authority", "other")])
    yield "unknown", _request([(":unknown", "1")])
    yield "status", _request([(":status", "200")])
    yield "late", h2.headers(1, h2.header_block([(":method", "GET"), (":scheme", "http"), ("x", "1"), (":authority", "h"), (":path", "/s")]))
    for name, value in {"space": b"/s x", "crlf": b"/s HTTP/1.1\r\nhost: other\r\n\r\n", "relative": b"s", "nul": b"/\0", "tab": b"/\t", "lf": b"/\n", "high": b"/\xe9", "absolute": b"http://other/s",
                        "fragment": b"/s#f", "request": b"/s HTTP/1.1\r\nhost: h\r\n\r\nGET /smuggled"}.items():
        yield f"path_{name}", _request(path=value)
    for name, value in {"space": b"GET /smuggled HTTP/1.1", "crlf": b"GET\r\nx: y", "paren": b"G(T", "nul": b"G\0T", "tab": b"GET\t", "colon": b"GET:"}.items():
        yield f"method_{name}", _request(method=value)
    for name, value in {"crlf": b"http\r\nx: y", "url": b"http://other/?", "space": b"ht tp", "digit": b"1http"}.items():
        yield f"scheme_{name}", _request(scheme=value)
    for name, value in {"crlf": b"h\r\nx: y", "space": b"h x", "slash": b"h/x", "userinfo": b"u@h", "nul": b"h\0", "two": b"h,g:80:80", "query": b"h?x", "fragment": b"h#x", "backslash": b"h\\x"}.items():
        yield f"authority_{name}", _request(authority=value)
    yield "trailer_pseudo", _trailers([(":path", "/x")])
    yield "trailer_upper", _trailers([("X-T", "1")])
    yield "trailer_crlf", _trailers([("x-t", b"a\r\nx: y")])
    yield "trailer_length", _trailers([("content-length", "9")])
    yield "trailer_te", _trailers([("transfer-encoding", "chunked")])
    yield "trailer_without_end", _trailers([("x-t", "1")], end=False)


def _trailers(fields: list, end: bool = True) -> bytes:
    block = h2.header_block([(":method", "POST"), (":scheme", "http"), (":authority", "h"), (":path", "/s")])
    return h2.headers(1, block, end_stream=False) + h2.data(1, b"12345") + h2.headers(1, h2.header_block(fields), end_stream=end)


def _hosts():
    """H5: :authority against host."""
    yield "host_differs", _request([("host", "other")])
    yield "host_twice", _request([("host", "h"), ("host", "h")])
    yield "host_twice_without_authority", _request([("host", "h"), ("host", "g")], authority=None)
    yield "host_empty_and_no_authority", _request([("host", "")], authority=None)
    yield "nobody", _request(authority=None)
    yield "host_space", _request([("host", "h x")], authority=None)


def downgrades() -> list[Downgrade]:
    found = [Downgrade(name, frames) for make in (_lengths, _connection_headers, _bytes, _pseudo, _hosts) for name, frames in make()]
    names = [d.name for d in found]
    assert len(names) == len(set(names)), [n for n in names if names.count(n) > 1]
    return found


def legal() -> list[tuple[str, bytes, list[tuple[str, str, int]]]]:
    """Odd but legal HTTP/2 requests, and what the origin must see."""
    return [
        ("plain", _request(), [("GET", "/s", 0)]),
        ("no_authority_but_host", _request([("host", "h")], authority=None), [("GET", "/s", 0)]),
        ("host_equal", _request([("host", "h")]), [("GET", "/s", 0)]),
        ("te_trailers", _request([("te", "trailers")]), [("GET", "/s", 0)]),
        ("empty_value", _request([("x-a", "")]), [("GET", "/s", 0)]),
        ("high_bytes", _request([("x-a", b"\xe9\xff")]), [("GET", "/s", 0)]),
        ("length_right", _request([("content-length", "5")], b"12345"), [("POST", "/s", 5)]),
        ("no_length", _request(body=b"12345"), [("POST", "/s", 5)]),
        ("empty_body", _request(body=b""), [("POST", "/s", 0)]),
        ("cookies", _request([("cookie", "a=1"), ("cookie", "b=2")]), [("GET", "/s", 0)]),
        ("trailers", _trailers([("x-t", "1")]), [("POST", "/s", 5)]),
        ("custom_method", _request(method="FROB"), [("FROB", "/s", 0)]),
    ]
