"""HTTP/1 and HTTP/2 on both sides: framing, odd but legal messages, upgrades, early answers."""
from tests.parity.feature import Feature, get, post, request
from tests.support.reply import Reply

R = Reply
H1 = Feature("http1", """
listeners:
  main: {}
  http10: {hcm: {http_protocol_options: {accept_http_10: true, default_host_for_http_10: default.test}}}
  absolute: {hcm: {http_protocol_options: {allow_absolute_url: true}}}
  no_absolute: {hcm: {http_protocol_options: {allow_absolute_url: false}}}
  trailers: {hcm: {http_protocol_options: {enable_trailers: true}}, routes: [{match: {prefix: /}, route: {cluster: trailing}}]}
  continue_: {hcm: {proxy_100_continue: true}}
  custom: {hcm: {http_protocol_options: {allow_custom_methods: true}}}
  lenient: {hcm: {stream_error_on_invalid_http_message: true}}
clusters:
  trailing: {endpoints: [a], http: {explicit_http_config: {http_protocol_options: {enable_trailers: true}}}}
""")
H1.case("keep_alive_two_requests", get("/1"), get("/2"))
H1.case("connection_close", get("/", ("connection", "close")), tail=True)
H1.case("post_with_length", post("/", b"hello"))
H1.case("post_chunked", post("/", b"", chunks=[b"one", b"two", b"three"]))
H1.case("post_empty_chunked", post("/", b"", chunks=[]))
H1.case("post_without_body", request("POST", "/"))
H1.case("post_length_zero", request("POST", "/", ("content-length", "0")))
H1.case("get_with_body", get("/", body=b"body"))
H1.case("head", request("HEAD", "/"), get("/after"), origin=R(body=b"twelve bytes"))
H1.case("head_chunked_answer", request("HEAD", "/"), origin=R(chunked=True))
H1.case("options", request("OPTIONS", "/"))
H1.case("options_star", request("OPTIONS", "*"))
H1.case("trace", request("TRACE", "/"))
H1.case("lower_case_method", request("get", "/"))
H1.case("unknown_method", request("FROB", "/"))
H1.case("unknown_method_allowed", request("FROB", "/"), listener="custom")
H1.case("long_method", request("PROPPATCH", "/"))
H1.case("absolute_form", get("http://abs.test/path?q"), listener="absolute")
H1.case("absolute_form_other_host", get("http://abs.test:81/", host="other.test"), listener="absolute")
H1.case("absolute_form_https", get("https://abs.test/"), listener="absolute")
H1.case("absolute_form_no_path", get("http://abs.test"), listener="absolute")
H1.case("absolute_form_query_only", get("http://abs.test?q=1"), listener="absolute")
H1.case("absolute_form_refused", get("http://abs.test/path"), listener="no_absolute")
H1.case("no_host", get("/", host=None))
H1.case("empty_host", get("/", host=""))
H1.case("two_hosts", get("/", ("host", "second.test")))
H1.case("http10_refused", get("/", version="HTTP/1.0"))
H1.case("http10", get("/", version="HTTP/1.0"), listener="http10", tail=True)
H1.case("http10_keep_alive", get("/", ("connection", "keep-alive"), version="HTTP/1.0"), listener="http10")
H1.case("http10_no_host", get("/", host=None, version="HTTP/1.0"), listener="http10")
H1.case("http10_chunked_answer", get("/", version="HTTP/1.0"), listener="http10", origin=R(chunked=True))
H1.case("http10_post", post("/", b"abc", version="HTTP/1.0"), listener="http10")
H1.case("http09", get(raw=b"GET /\r\n\r\n"), listener="http10")
H1.case("pipelined", get(raw=b"GET /1 HTTP/1.1\r\nhost: x\r\n\r\nGET /2 HTTP/1.1\r\nhost: x\r\n\r\n"), get(raw=b""), logs=2)
H1.case("leading_crlf", get(raw=b"\r\nGET /1 HTTP/1.1\r\nhost: x\r\n\r\n"))
H1.case("trailers_dropped", post("/", b"", chunks=[b"x"], trailers=[("x-t", "1")]), origin=R(trailers=[("x-rt", "2")]))
H1.case("trailers_kept", post("/", b"", chunks=[b"x"], trailers=[("x-t", "1")]), origin=R(trailers=[("x-rt", "2")]), listener="trailers")
H1.case("answer_chunked", get("/"), origin=R(chunked=True, body=b"c" * 1000))
H1.case("answer_until_close", get("/"), get("/again"), origin=R(no_length=True, body=b"until close"))
H1.case("answer_204", get("/"), origin=R(204))
H1.case("answer_304", get("/"), origin=R(304, [("etag", '"x"')]))
H1.case("answer_304_with_length", get("/"), origin=R(304, [("content-length", "5")]))
H1.case("answer_205", get("/"), origin=R(205, body=b""))
H1.case("answer_empty", get("/"), origin=R(body=b""))
H1.case("answer_odd_status", get("/"), origin=R(299))
H1.case("answer_599", get("/"), origin=R(599))
H1.case("answer_hop_by_hop", get("/"), origin=R(headers=[("connection", "x-hop"), ("x-hop", "1"), ("keep-alive", "timeout=9"), ("proxy-authenticate", "b")]))
H1.case("answer_early_then_rest_of_body", post("/", b"e" * 100, ("content-length", "100")), origin=R(early=True))
H1.case("answer_close", get("/1"), get("/2"), origin=R(close=True))
H1.case("answer_with_server_and_date", get("/"), origin=R(headers=[("server", "mine"), ("date", "Thu, 01 Jan 1970 00:00:00 GMT")]))
H1.case("answer_early_hints", get("/"), origin=R(interim=[(103, [("link", "</x>")])]))
H1.case("answer_two_interim", get("/"), origin=R(interim=[(102, []), (103, [("link", "</x>")])]))
H1.case("answer_unasked_100", get("/"), origin=R(interim=[(100, [])]))
H1.case("answer_unasked_101", get("/"), origin=R(101, [("upgrade", "x"), ("connection", "upgrade")], body=b""))
H1.case("expect_continue_local", post("/", b"body", ("expect", "100-continue")))
H1.case("expect_continue_forwarded", post("/", b"body", ("expect", "100-continue")), listener="continue_")
H1.case("expect_continue_refused", post("/", b"body", ("expect", "100-continue")), origin=R(417, early=True, no_continue=True), listener="continue_")
H1.case("expect_other", post("/", b"body", ("expect", "something")))
H1.case("body_large_both_ways", post("/", b"u" * 300_000), origin=R(body=b"d" * 300_000))
H1.case("bad_header_keeps_connection_or_not", get(raw=b"GET / HTTP/1.1\r\nhost: x\r\nbad header: 1\r\n\r\n"), listener="lenient", tail=True)
H1.case("bad_header_closes", get(raw=b"GET / HTTP/1.1\r\nhost: x\r\nbad header: 1\r\n\r\n"), tail=True)
H1.case("length_and_chunked", get(raw=b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"), tail=True)
H1.case("client_gives_up_in_body", request("POST", "/", ("content-length", "10"), body=b"123", close_write=True))
H1.case("client_leaves_waiting", get("/", abandon=True), origin=R(hang=True))
for name, reply in {
    "nothing": R(close_before=True), "reset": R(reset_before=True), "garbage": R(raw=b"garbage\r\n\r\n"),
    "bad_length": R(raw=b"HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n"), "two_lengths": R(raw=b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab"),
    "length_and_chunked": R(raw=b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"),
    "short_body": R(body=b"x" * 100, close_after=20), "reset_in_body": R(body=b"x" * 100, reset_after=20),
    "bad_chunk": R(raw=b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n"), "close_in_chunks": R(chunked=True, body=b"x" * 100, close_after=20),
    "too_many_headers": R(headers=[(f"h{i}", "v") for i in range(150)]), "huge_header": R(headers=[("x", "v" * 90_000)]),
    "http2_preface": R(raw=b"\0\0\0\4\0\0\0\0\0"),
    "no_reason": R(raw=b"HTTP/1.1 200\r\ncontent-length: 0\r\n\r\n"), "lf_only": R(raw=b"HTTP/1.1 200 OK\ncontent-length: 0\n\n"),
    "http10_answer": R(raw=b"HTTP/1.0 200 OK\r\n\r\nold", close=True), "extra_bytes": R(raw=b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nabc"),
    "head_then_close": R(raw=b"HTTP/1.1 200 OK\r\nx: ", close=True),
}.items():
    H1.case(f"upstream_{name}", get("/"), origin=reply)
    H1.case(f"upstream_{name}_h2_client", get("/"), origin=reply, protocol="h2")

MIX = Feature("protocol_mix", """
listeners:
  to_h1: {routes: [{match: {prefix: /}, route: {cluster: h1}}]}
  to_h2: {routes: [{match: {prefix: /}, route: {cluster: h2}}]}
  same: {routes: [{match: {prefix: /}, route: {cluster: same}}]}
  h1_only: {hcm: {codec_type: HTTP1}}
  h2_only: {hcm: {codec_type: HTTP2}}
  normal: {hcm: {normalize_path: true}, routes: [{match: {prefix: /}, route: {cluster: h2}}]}
  via: {hcm: {via: proxy.test}}
  server_name: {hcm: {server_name: custom}}
  server_append: {hcm: {server_name: custom, server_header_transformation: APPEND_IF_ABSENT}}
  server_pass: {hcm: {server_header_transformation: PASS_THROUGH}}
  user_agent: {hcm: {add_user_agent: true}}
clusters:
  h1: {endpoints: [a]}
  h2: {endpoints: [a], protocol: h2}
  same: {endpoints: [a], protocol: downstream}
""")
for listener in ("to_h1", "to_h2", "same"):
    for protocol in ("h1", "h2"):
        at = {"listener": listener, "protocol": protocol}
        MIX.case(f"{listener}_{protocol}_get", get("/p?q", ("x-a", "1")), **at)
        MIX.case(f"{listener}_{protocol}_post", post("/", b"p" * 70_000), origin=R(body=b"r" * 70_000), **at)
        MIX.case(f"{listener}_{protocol}_head", request("HEAD", "/"), **at)
        MIX.case(f"{listener}_{protocol}_204", get("/"), origin=R(204, body=b""), **at)
        MIX.case(f"{listener}_{protocol}_trailers", get("/"), origin=R(trailers=[("x-t", "1")]), **at)
        MIX.case(f"{listener}_{protocol}_interim", get("/"), origin=R(interim=[(103, [("link", "</x>")])]), **at)
        MIX.case(f"{listener}_{protocol}_reset_before", get("/"), origin=R(reset_before=True), **at)
        MIX.case(f"{listener}_{protocol}_reset_in_body", get("/"), origin=R(body=b"x" * 50, reset_after=10), **at)
        MIX.case(f"{listener}_{protocol}_close_in_body", get("/"), origin=R(body=b"x" * 50, close_after=10), **at)
        MIX.case(f"{listener}_{protocol}_cookies", get("/", ("cookie", "a=1"), ("cookie", "b=2")), origin=R(headers=[("set-cookie", "a"), ("set-cookie", "b")]), **at)
        MIX.case(f"{listener}_{protocol}_abandoned", get("/", abandon=True), origin=R(hang=True), **at)
        MIX.case(f"{listener}_{protocol}_te_trailers", get("/", ("te", "trailers")), **at)
        MIX.case(f"{listener}_{protocol}_early_answer", post("/", b"x", ("content-length", "5"), end=False), origin=R(413, early=True), **at)
MIX.case("h2_request_trailers", post("/", b"x", trailers=[("x-t", "1")]), listener="to_h2", protocol="h2")
MIX.case("h2_request_trailers_to_h1", post("/", b"x", trailers=[("x-t", "1")]), listener="to_h1", protocol="h2")
MIX.case("h2_wrong_length_answer", get("/"), origin=R(body=b"12345", length=9), listener="to_h2", protocol="h2")
for name, origin_reply in {"internal": 2, "cancel": 8, "refused": 7, "calm": 11, "no_error": 0, "h11_required": 13}.items():
    MIX.case(f"h2_upstream_reset_{name}", get("/"), origin=R(reset_before=True, reset_code=origin_reply), listener="to_h2", protocol="h2")
MIX.case("h2_upstream_goaway", get("/1"), get("/2"), origin=R(goaway=True), listener="to_h2", protocol="h2")
MIX.case("h1_client_on_h1_only", get("/"), listener="h1_only")
MIX.case("h2_after_a_bad_path", get("/%00"), get("/2"), listener="normal", protocol="h2")
MIX.case("h2_client_on_h1_only", get("/"), listener="h1_only", protocol="h2")
MIX.case("h1_client_on_h2_only", get("/"), listener="h2_only", logs=0)
MIX.case("h2_client_on_h2_only", get("/"), listener="h2_only", protocol="h2")
for name, pseudo in {
    "no_path": [(":method", "GET"), (":scheme", "http"), (":authority", "h")], "no_method": [(":scheme", "http"), (":authority", "h"), (":path", "/")],
    "no_scheme": [(":method", "GET"), (":authority", "h"), (":path", "/")], "no_authority": [(":method", "GET"), (":scheme", "http"), (":path", "/")],
    "empty_path": [(":method", "GET"), (":scheme", "http"), (":authority", "h"), (":path", "")],
    "star_path": [(":method", "OPTIONS"), (":scheme", "http"), (":authority", "h"), (":path", "*")],
    "odd_scheme": [(":method", "GET"), (":scheme", "ftp"), (":authority", "h"), (":path", "/")],
    "userinfo": [(":method", "GET"), (":scheme", "http"), (":authority", "u@h"), (":path", "/")],
    "custom_method": [(":method", "FROB"), (":scheme", "http"), (":authority", "h"), (":path", "/")],
    "path_without_slash": [(":method", "GET"), (":scheme", "http"), (":authority", "h"), (":path", "abc")],
}.items():
    MIX.case(f"h2_pseudo_{name}", get("/", pseudo=pseudo), listener="to_h1", protocol="h2")
MIX.case("h2_host_equal", get("/", ("host", "host.test")), listener="to_h1", protocol="h2")
MIX.case("h2_host_differs", get("/", ("host", "other")), listener="to_h1", protocol="h2")
for listener in ("via", "server_name", "server_append", "server_pass", "user_agent"):
    MIX.case(f"{listener}", get("/"), listener=listener)
    MIX.case(f"{listener}_origin_has_its_own", get("/", ("via", "1.0 before"), ("user-agent", "ua")), listener=listener,
             origin=R(headers=[("server", "theirs"), ("via", "1.1 theirs"), ("proxy-status", "theirs")]))
    MIX.case(f"{listener}_local_reply", get("/"), listener=listener, origin=R(close_before=True))

STATUS = Feature("proxy_status", """
listeners:
  proxy_status: {hcm: {proxy_status_config: {literal_proxy_name: here}}}
""")
STATUS.case("proxied", get("/"), listener="proxy_status")
STATUS.case("origin_has_its_own", get("/"), listener="proxy_status", origin=R(headers=[("proxy-status", "theirs")]))
STATUS.case("local_reply", get("/"), listener="proxy_status", origin=R(close_before=True))
