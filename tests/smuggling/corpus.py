"""Malformed and ambiguous HTTP/1 requests, by the attacks of the threat model (S1 to S9).

Every message targets /s or hides a request for /smuggled. A proxy that accepts
any of them as they stand, or tidies them up, has guessed what was meant.
"""
from dataclasses import dataclass

HIDDEN = b"GET /smuggled HTTP/1.1\r\nhost: h\r\n\r\n"


@dataclass
class Attack:
    name: str
    data: bytes


def post(*lines: bytes, body: bytes = b"", first: bytes = b"POST /s HTTP/1.1", host: bytes = b"host: h") -> bytes:
    return b"\r\n".join([first, *([host] if host else []), *lines]) + b"\r\n\r\n" + body


def get(*lines: bytes, first: bytes = b"GET /s HTTP/1.1", host: bytes | None = b"host: h") -> bytes:
    return post(*lines, first=first, host=host or b"")


CHUNKED = b"transfer-encoding: chunked"
EMPTY = b"0\r\n\r\n"


def both_framings():
    """S1: Content-Length and Transfer-Encoding together."""
    for length in (b"0", b"4", b"6", b"100", b"5"):
        for name, lines in {"cl_te": (b"content-length: " + length, CHUNKED), "te_cl": (CHUNKED, b"content-length: " + length)}.items():
            yield f"{name}_{length.decode()}", post(*lines, body=EMPTY + HIDDEN)
    yield "cl_te_get", get(b"content-length: 5", CHUNKED) + EMPTY
    yield "cl_te_http10", post(b"content-length: 5", CHUNKED, first=b"POST /s HTTP/1.0", body=EMPTY)
    yield "te_http10", post(CHUNKED, first=b"POST /s HTTP/1.0", body=EMPTY + HIDDEN)
    yield "te_http10_keep_alive", post(CHUNKED, b"connection: keep-alive", first=b"POST /s HTTP/1.0", body=EMPTY + HIDDEN)


def transfer_encodings():
    """S2: every way to write Transfer-Encoding that two parsers may read differently."""
    values = [b"xchunked", b"chunkedx", b"chunked, identity", b"identity, chunked", b"identity", b"chunked, chunked", b", chunked", b"chunked,",
              b"chunked;q=1", b"\"chunked\"", b"chun ked", b"chunked\x0b", b"\x0bchunked", b"\x0cchunked", b"chunked\x00", b"\x00chunked",
              b"\xa0chunked", b"chunked\xa0", b"\xffchunked", b"chunked\x85", b"gzip", b"gzip, chunked", b"chunked gzip", b"", b"x\tchunked",
              b"chunk", b"'chunked'", b"chunked\x7f", b"c\rhunked", b"[chunked]", b"chunked\\", b"cow", b"trailers", b"deflate;chunked",
              b"chunked, ,", b"chunked=1", b"\x1bchunked", b"\xc2\xa0chunked", b"CHUNKED, CHUNKED", b"chunked\x1f"]
    for index, value in enumerate(values):
        yield f"value_{index}", post(b"transfer-encoding: " + value, body=EMPTY + HIDDEN)
        yield f"value_{index}_with_length", post(b"content-length: 5", b"transfer-encoding: " + value, body=EMPTY + HIDDEN)
    names = [b"transfer-encoding : chunked", b"transfer-encoding\t: chunked", b" transfer-encoding: chunked", b"\ttransfer-encoding: chunked",
             b"transfer-encoding\x00: chunked", b"transfer-encoding\x0b: chunked", b"transfer_encoding: chunked", b"transfer\x2dencoding\xa0: chunked",
             b"transfer-encoding\r\n : chunked", b"transfer-\r\n encoding: chunked", b"transfer-encoding:\r\n chunked", b"transfer-encoding: \r\n\tchunked",
             b"transfer-encoding:chunked\r\ntransfer-encoding: identity", b"transfer-encoding: chunked\r\ntransfer-encoding: chunked",
             b"transfer-encoding: x\r\ntransfer-encoding: chunked", b"transfer-encoding: chunked\ntransfer-encoding: x", b"x: y\ntransfer-encoding: chunked",
             b"x: y\rtransfer-encoding: chunked", b"x: y\r\rtransfer-encoding: chunked", b"x\ntransfer-encoding: chunked", b"\r\rtransfer-encoding: chunked",
             b"x:\x00\r\ntransfer-encoding: chunked", b"transfer-encoding chunked", b"transfer-encoding;: chunked", b"(transfer-encoding): chunked"]
    for index, line in enumerate(names):
        yield f"name_{index}", post(b"content-length: 5", line, body=EMPTY + HIDDEN)


def content_lengths():
    """S3: lengths that are not one plain number."""
    values = [b"+5", b"-5", b"0x5", b"5,5", b"5, 5", b"5,6", b"", b"5;", b"5.0", b"5e0", b"1_0", b"5\x00", b"\x005", b"5\x0b", b"5\xa0", b"\xb25",
              b"9223372036854775808", b"18446744073709551616", b"18446744073709551621", b"4294967301", b"1" * 40, b"5 5", b"5\t5", b"five", b"0 5", b"'5'",
              b"\"5\"", b"5\x0c", b"--5", b"5-", b"0b101", b"0o5", b"\xd9\xa5", b"5/1", b"5)", b"null", b"NaN", b"inf"]
    for index, value in enumerate(values):
        yield f"value_{index}", post(b"content-length: " + value, body=b"12345" + HIDDEN)
    lines = [b"content-length: 5\r\ncontent-length: 5", b"content-length: 5\r\ncontent-length: 6", b"content-length:\r\ncontent-length: 5", b"content-length : 5",
             b"content-length\t: 5", b"content-length\x85: 5", b" content-length: 5", b"content-length:\r\n 5", b"content-length: 1\r\n 0", b"content-length\x00: 5",
             b"content-length: 0\r\nContent-Length: 5", b"content-length: 5\r\nx: 1\r\ncontent-length: 5", b"content-length 5", b"x: y\ncontent-length: 5",
             b"content-length\r: 5", b"content_length: 5\r\ncontent-length: 0,5", b"content-length: 5\r\ncontent-length:"]
    for index, line in enumerate(lines):
        yield f"line_{index}", post(line, body=b"12345" + HIDDEN)


def chunks():
    """S4: chunk sizes, extensions and line ends."""
    bodies = [b"0x5\r\n12345\r\n0\r\n\r\n", b"+5\r\n12345\r\n0\r\n\r\n", b"-5\r\n12345\r\n0\r\n\r\n", b" 5\r\n12345\r\n0\r\n\r\n", b"5 \r\n12345\r\n0\r\n\r\n",
              b"5x\r\n12345\r\n0\r\n\r\n", b"0_5\r\n12345\r\n0\r\n\r\n", b"\r\n12345\r\n0\r\n\r\n", b"00000000000000005\r\n12345\r\n0\r\n\r\n",
              b"10000000000000005\r\n12345\r\n0\r\n\r\n", b"FFFFFFFFFFFFFFFF\r\n12345\r\n0\r\n\r\n", b"-1\r\n12345\r\n0\r\n\r\n", b"5\n12345\n0\n\n",
              b"5\n12345\r\n0\r\n\r\n", b"5\r\n12345\n0\r\n\r\n", b"5\r12345\r\n0\r\n\r\n", b"5\r\r;\n12345\r\n0\r\n\r\n", b"5\r\n12345XX0\r\n\r\n",
              b"5\r\n123450\r\n\r\n", b"5\r\n123456\r\n0\r\n\r\n", b"0\r\nX:\r\n", b"5;\x00\r\n12345\r\n0\r\n\r\n", b"5;a\nb\r\n12345\r\n0\r\n\r\n", b"5;a\rb\r\n12345\r\n0\r\n\r\n",
              b"5;" + b"e" * 70_000 + b"\r\n12345\r\n0\r\n\r\n", b"5\x0b\r\n12345\r\n0\r\n\r\n", b"5\t\r\n12345\r\n0\r\n\r\n", b"5\xa0\r\n12345\r\n0\r\n\r\n", b"g\r\n\r\n0\r\n\r\n",
              b"5\r\n12345\r\n\r\n0\r\n\r\n", b"\x005\r\n12345\r\n0\r\n\r\n", b"5\x00\r\n12345\r\n0\r\n\r\n", b"5,5\r\n12345\r\n0\r\n\r\n", b"0\n\r\n", b"0\r\n\n", b"0\r\r\n\r\n",
              b"5 ;a\n12345\r\n0\r\n\r\n", b";a\r\n12345\r\n0\r\n\r\n", b"5;a=\"\r\n\"\r\n12345\r\n0\r\n\r\n", b"0;\n\r\n\r\n", b"1e\r\n12345\r\n0\r\n\r\n", b"{5}\r\n12345\r\n0\r\n\r\n"]
    for index, body in enumerate(bodies):
        yield f"{index}", post(CHUNKED, body=body + HIDDEN)


def trailers():
    """S5: trailer fields that would change framing or identity, or are malformed."""
    for index, name in enumerate((b"content-length: 5", b"transfer-encoding: chunked", b"host: other", b" folded: 1", b"bad name: 1", b"no-colon", b": empty", b"x: \x00", b"x: a\nb: c",
                 b"x: a\rb", b"x : y", b"content-length: x")):
        yield f"{index}", post(CHUNKED, body=b"1\r\na\r\n0\r\n" + name + b"\r\n\r\n" + HIDDEN)


def header_lines():
    """S6: line ends, control bytes, folds and names."""
    lines = {"nul_in_value": b"x: a\x00b", "nul_in_name": b"x\x00y: a", "bare_cr": b"x: a\rb", "bare_lf": b"x: a\nb: c", "obs_fold": b"x: a\r\n b", "obs_fold_tab": b"x: a\r\n\tb",
             "space_before_colon": b"x : a", "tab_before_colon": b"x\t: a", "empty_name": b": a", "no_colon": b"nocolon", "space_in_name": b"x y: a", "paren_name": b"(x): a",
             "del_in_name": b"x\x7f: a", "high_name": b"x\xe9: a", "slash_name": b"x/y: a", "at_name": b"x@y: a", "quote_name": b"\"x\": a", "comma_name": b"x,y: a",
             "semicolon_name": b"x;y: a", "brace_name": b"x{y}: a", "bs_in_value": b"x: a\x08b", "esc_in_value": b"x: \x1b[0m", "del_in_value": b"x: a\x7f", "vt_in_value": b"x: a\x0bb",
             "ff_in_value": b"x: a\x0cb", "soh_in_value": b"x: \x01", "cr_only_line": b"x: a\r\r\n", "cr_before_name": b"\rx: a", "equals_name": b"x=y: a", "backslash_name": b"x\\y: a",
             "bracket_name": b"[x]: a", "lf_first": b"\nx: a", "vt_name": b"\x0bx: a"}
    for name, line in lines.items():
        yield name, get(line)
        yield f"{name}_before_length", post(line, b"content-length: 5", body=b"12345" + HIDDEN)
    yield "lf_only", b"GET /s HTTP/1.1\nhost: h\n\n"
    yield "cr_only", b"GET /s HTTP/1.1\rhost: h\r\r"
    yield "lf_end", b"GET /s HTTP/1.1\r\nhost: h\r\n\n"
    yield "first_line_folded", b"GET /s HTTP/1.1\r\n x: y\r\nhost: h\r\n\r\n"
    yield "cr_lf_mixed_end", b"GET /s HTTP/1.1\r\nhost: h\n\r\n"


def hosts():
    """S7: Host and target forms."""
    values = [b"a b", b"h/x", b"u@h", b"h?x", b"h#x", b"h,g", b"h\x00", b"[::1", b"::1]", b"[zz]", b"h:99999", b"h:x", b"h:-1", b"h:80:80", b"h\\x", b"h\"", b"<h>", b"h%zz", b"h\xe9",
              b"http://h", b"h:80 x", b"h^", b"h|", b"{h}", b"h`"]
    for index, value in enumerate(values):
        yield f"value_{index}", get(host=b"host: " + value)
    yield "missing", get(host=None)
    yield "two_same", get(b"host: h")
    yield "two_different", get(b"host: other")
    yield "two_one_folded", get(b"x: 1\r\n host: other", host=b"host: h")
    yield "absolute_differs", get(first=b"GET http://other/s HTTP/1.1")
    yield "absolute_userinfo", get(first=b"GET http://u@h/s HTTP/1.1")
    yield "absolute_empty_host", get(first=b"GET http:///s HTTP/1.1")
    yield "absolute_bad_port", get(first=b"GET http://h:99999/s HTTP/1.1")
    yield "absolute_ftp", get(first=b"GET ftp://h/s HTTP/1.1")
    yield "authority_form_get", get(first=b"GET h:80 HTTP/1.1")
    yield "asterisk_get", get(first=b"GET * HTTP/1.1")
    yield "connect_path", get(first=b"CONNECT /s HTTP/1.1")
    yield "connect_no_port", get(first=b"CONNECT h HTTP/1.1")
    yield "relative", get(first=b"GET s HTTP/1.1")
    yield "no_slash_dot", get(first=b"GET ./s HTTP/1.1")


def request_lines():
    """S8: the request line."""
    lines = [b"GET  /s HTTP/1.1", b"GET /s  HTTP/1.1", b" GET /s HTTP/1.1", b"GET\t/s HTTP/1.1", b"GET /s\tHTTP/1.1", b"GET\x0b/s HTTP/1.1", b"GET /s HTTP/1.1 ", b"GET /s HTTP/1.1 x",
             b"GET /s HTTP/1.2", b"GET /s HTTP/1.1x", b"GET /s HTTP/2.0", b"GET /s HTTP/0.9", b"GET /s HTTP/1", b"GET /s HTTP/11", b"GET /s http/1.1", b"GET /s HTTP/1.10", b"GET /s HTTP/01.1",
             b"GET /s HTTPS/1.1", b"GET /s", b"GET /s x HTTP/1.1", b"GET /s#frag HTTP/1.1", b"GET /\xe9 HTTP/1.1", b"GET /\x00 HTTP/1.1", b"GET /\x7f HTTP/1.1", b"GET /s\x01 HTTP/1.1", b"G\x00ET /s HTTP/1.1",
             b"GE T /s HTTP/1.1", b"G(T /s HTTP/1.1", b"get/s HTTP/1.1", b"XGET:/s HTTP/1.1", b"\x16\x03\x01 /s HTTP/1.1", b"PRI * HTTP/2.0", b"GET /s HTTP/1.1\r", b"GET /s\r HTTP/1.1", b"HTTP/1.1 200 OK",
             b"GET /s HTTP/1,1", b"GET /s HTTP /1.1", b"GET", b"GET /s HTTP/1.1HTTP/1.1", b"\xef\xbb\xbfGET /s HTTP/1.1", b"GET /s HTTP/+1.1", b"{} /s HTTP/1.1"]
    for index, line in enumerate(lines):
        yield f"{index}", get(first=line)
    yield "leading_lf", b"\n" + get()
    yield "leading_space_line", b" \r\n" + get()
    yield "leading_crlfs", b"\r\n" * 30 + b"x" + get()
    yield "leading_nul", b"\x00" + get()


def upgrades():
    """S9: tunnels that were not agreed on."""
    upgrade = (b"connection: upgrade", b"upgrade: websocket", b"sec-websocket-version: 13", b"sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==")
    yield "early_request", get(*upgrade) + HIDDEN
    yield "with_length", post(*upgrade, b"content-length: 3", body=b"abc" + HIDDEN)
    yield "with_chunked", post(*upgrade, CHUNKED, body=EMPTY + HIDDEN)
    yield "h2c", get(b"connection: upgrade, http2-settings", b"upgrade: h2c", b"http2-settings: AAMAAABkAAQAAP__") + HIDDEN
    yield "connect_early_data", get(first=b"CONNECT h:80 HTTP/1.1", host=b"host: h:80") + HIDDEN


GROUPS = {"S1": both_framings, "S2": transfer_encodings, "S3": content_lengths, "S4": chunks, "S5": trailers, "S6": header_lines, "S7": hosts,
          "S8": request_lines, "S9": upgrades}


def attacks() -> list[Attack]:
    found = [Attack(f"{group}_{name}", data) for group, make in GROUPS.items() for name, data in make()]
    names = [attack.name for attack in found]
    assert len(names) == len(set(names)), [n for n in names if names.count(n) > 1]
    return found
