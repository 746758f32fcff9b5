"""Odd but legal messages: a proxy that refuses these is strict in the wrong place."""
from dataclasses import dataclass


@dataclass
class Legitimate:
    name: str
    data: bytes
    views: list[tuple[str, str, int]]         # method, path, body length of each request, in order


def legitimate() -> list[Legitimate]:
    host = b"host: h\r\n"
    chunked = b"POST /s HTTP/1.1\r\n" + host + b"transfer-encoding: chunked\r\n\r\n"
    one = [("GET", "/s", 0)]
    posted = [("POST", "/s", 5)]
    make = Legitimate
    return [
        make("plain", b"GET /s HTTP/1.1\r\n" + host + b"\r\n", one),
        make("one_leading_crlf", b"\r\nGET /s HTTP/1.1\r\n" + host + b"\r\n", one),
        make("header_name_upper_case", b"GET /s HTTP/1.1\r\nHOST: h\r\nX-UPPER: 1\r\n\r\n", one),
        make("no_space_after_colon", b"GET /s HTTP/1.1\r\nhost:h\r\nx:1\r\n\r\n", one),
        make("spaces_around_value", b"GET /s HTTP/1.1\r\nhost: \t h \t\r\nx: \t \r\n\r\n", one),
        make("empty_value", b"GET /s HTTP/1.1\r\n" + host + b"x:\r\n\r\n", one),
        make("all_token_characters_in_name", b"GET /s HTTP/1.1\r\n" + host + b"!#$%&'*+-.^`|~09aZ: 1\r\n\r\n", one),
        make("high_bytes_in_value", b"GET /s HTTP/1.1\r\n" + host + b"x: \xe9\xff\x80\r\n\r\n", one),
        make("tab_in_value", b"GET /s HTTP/1.1\r\n" + host + b"x: a\tb\r\n\r\n", one),
        make("chunked_mixed_case", b"POST /s HTTP/1.1\r\n" + host + b"Transfer-Encoding: ChUnKeD\r\n\r\n5\r\n12345\r\n0\r\n\r\n", posted),
        make("chunk_size_leading_zeros", chunked + b"0005\r\n12345\r\n000\r\n\r\n", posted),
        make("chunk_size_hex_cases", chunked + b"a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n", [("POST", "/s", 20)]),
        make("chunk_extension", chunked + b"5;name=value\r\n12345\r\n0;last\r\n\r\n", posted),
        make("chunk_extension_quoted", chunked + b"5;n=\"a;b\"\r\n12345\r\n0\r\n\r\n", posted),
        make("chunk_trailer", chunked + b"5\r\n12345\r\n0\r\nx-trailer: 1\r\n\r\n", posted),
        make("one_byte_chunks", chunked + b"1\r\na\r\n" * 5 + b"0\r\n\r\n", posted),
        make("length_leading_zeros", b"POST /s HTTP/1.1\r\n" + host + b"content-length: 005\r\n\r\n12345", posted),
        make("length_zero", b"POST /s HTTP/1.1\r\n" + host + b"content-length: 0\r\n\r\n", [("POST", "/s", 0)]),
        make("post_without_body", b"POST /s HTTP/1.1\r\n" + host + b"\r\n", [("POST", "/s", 0)]),
        make("get_with_body", b"GET /s HTTP/1.1\r\n" + host + b"content-length: 5\r\n\r\n12345", [("GET", "/s", 5)]),
        make("pipelined_three", (b"GET /s HTTP/1.1\r\n" + host + b"\r\n") * 3, one * 3),
        make("pipelined_after_chunked", chunked + b"0\r\n\r\nGET /s HTTP/1.1\r\n" + host + b"\r\n", [("POST", "/s", 0), ("GET", "/s", 0)]),
        make("pipelined_after_length", b"POST /s HTTP/1.1\r\n" + host + b"content-length: 5\r\n\r\n12345GET /s HTTP/1.1\r\n" + host + b"\r\n", posted + one),
        make("absolute_form", b"GET http://h/s HTTP/1.1\r\n" + host + b"\r\n", one),
        make("absolute_form_upper_scheme", b"GET HTTP://h/s HTTP/1.1\r\n" + host + b"\r\n", one),
        make("query_with_everything", b"GET /s?a=b&c=%20d/?:@!$'()*+,; HTTP/1.1\r\n".replace(b"; ", b"; ") + host + b"\r\n", [("GET", "/s?a=b&c=%20d/?:@!$'()*+,;", 0)]),
        make("host_with_port", b"GET /s HTTP/1.1\r\nhost: h:8080\r\n\r\n", one),
        make("host_ip6", b"GET /s HTTP/1.1\r\nhost: [::1]:80\r\n\r\n", one),
        make("connection_lists", b"GET /s HTTP/1.1\r\n" + host + b"connection: keep-alive, , x-y\r\nx-y: 1\r\n\r\n", one),
        make("te_trailers", b"GET /s HTTP/1.1\r\n" + host + b"te: trailers\r\nconnection: te\r\n\r\n", one),
        make("many_headers", b"GET /s HTTP/1.1\r\n" + host + b"".join(b"x-%d: v\r\n" % i for i in range(80)) + b"\r\n", one),
        make("long_path", b"GET /s" + b"a" * 4000 + b" HTTP/1.1\r\n" + host + b"\r\n", [("GET", "/s" + "a" * 4000, 0)]),
        make("long_value", b"GET /s HTTP/1.1\r\n" + host + b"x: " + b"v" * 20_000 + b"\r\n\r\n", one),
        make("method_patch", b"PATCH /s HTTP/1.1\r\n" + host + b"content-length: 5\r\n\r\n12345", [("PATCH", "/s", 5)]),
        make("method_search", b"SEARCH /s HTTP/1.1\r\n" + host + b"\r\n", [("SEARCH", "/s", 0)]),
    ]
