"""Paths, hosts and header names: what is normalised, refused or left alone."""
from tests.parity.feature import Feature, get

_ROUTES = """routes: &r
    - {name: admin, match: {prefix: /admin}, route: {cluster: a}}
    - {name: slash, match: {prefix: //}, route: {cluster: a}}
    - {name: rest, match: {prefix: /}, route: {cluster: a}}"""
PATHS = Feature("paths", f"""
listeners:
  as_is:
    {_ROUTES}
    hcm: {{normalize_path: false}}
  normal: {{hcm: {{normalize_path: true}}, routes: *r}}
  merged: {{hcm: {{normalize_path: true, merge_slashes: true}}, routes: *r}}
  merge_only: {{hcm: {{normalize_path: false, merge_slashes: true}}, routes: *r}}
  esc_keep: {{hcm: {{normalize_path: true, path_with_escaped_slashes_action: KEEP_UNCHANGED}}, routes: *r}}
  esc_reject: {{hcm: {{normalize_path: true, path_with_escaped_slashes_action: REJECT_REQUEST}}, routes: *r}}
  esc_redirect: {{hcm: {{normalize_path: true, path_with_escaped_slashes_action: UNESCAPE_AND_REDIRECT}}, routes: *r}}
  esc_forward: {{hcm: {{normalize_path: true, path_with_escaped_slashes_action: UNESCAPE_AND_FORWARD}}, routes: *r}}
  params: {{hcm: {{normalize_path: true}}, route_config: {{ignore_path_parameters_in_path_matching: true}}, routes: [{{name: exact, match: {{path: /exact}}, route: {{cluster: a}}}}, {{name: rest, match: {{prefix: /}}, route: {{cluster: a}}}}]}}
""")
for name, target in {
    "dotdot": "/x/../admin", "dot": "/./admin/./x", "double_slash": "//admin///x", "encoded_dots": "/x/%2e%2E/admin",
    "encoded_unreserved": "/%61dmin/%7E", "encoded_slash": "/x%2fadmin%2F..", "encoded_backslash": "/x%5c..%5Cadmin", "backslash": "/x\\..\\admin",
    "above_root": "/../../admin", "query_untouched": "/a?x=/../b//c%2e", "trailing_dotdot": "/admin/..", "lower_hex": "/%3a%3A", "bad_percent": "/%zz%4",
    "null_encoded": "/a%00b", "utf8_encoded": "/%c3%a9%E9", "double_encoded": "/x/%252e%252e/admin", "parameters": "/admin;a=b/../x;c", "star": "*",
    "empty_query": "/admin?", "dot_segments_only": "/..", "space_encoded": "/%20a", "percent25": "/%25",
}.items():
    for listener in ("as_is", "normal", "merged") if name not in ("encoded_slash", "encoded_backslash", "backslash") else (
            "as_is", "normal", "merged", "esc_keep", "esc_reject", "esc_redirect", "esc_forward"):
        PATHS.case(f"{name}_{listener}", get(target), listener=listener)
PATHS.case("merge_only", get("//a//b/../c"), listener="merge_only")
PATHS.case("parameters_ignored_in_match", get("/exact;v=1?q"), listener="params")
PATHS.case("fragment", get("/admin#frag"), listener="normal")
PATHS.case("fragment_h2", get("/admin#frag"), listener="normal", protocol="h2")
PATHS.case("raw_high_bytes", get("/\xe9\xff"), listener="normal")
PATHS.case("dotdot_h2", get("/x/../admin"), listener="normal", protocol="h2")
PATHS.case("escaped_reject_grpc", get("/x%2fy", ("content-type", "application/grpc")), listener="esc_reject", protocol="h2")

NAMES = Feature("header_names", """
listeners:
  allow: {}
  reject: {hcm: {common_http_protocol_options: {headers_with_underscores_action: REJECT_REQUEST}}}
  drop: {hcm: {common_http_protocol_options: {headers_with_underscores_action: DROP_HEADER}}}
  few: {hcm: {common_http_protocol_options: {max_headers_count: 5}}}
  small: {hcm: {max_request_headers_kb: 1}}
  proper: {hcm: {http_protocol_options: {header_key_format: {proper_case_words: {}}}}}
""")
for listener in ("allow", "reject", "drop"):
    NAMES.case(f"underscore_{listener}", get("/", ("x_a", "1"), ("x-a", "2")), listener=listener)
    NAMES.case(f"underscore_{listener}_h2", get("/", ("x_a", "1"), ("x-a", "2")), listener=listener, protocol="h2")
NAMES.case("count_within", get("/", ("a", "1"), ("b", "1"), ("c", "1"), ("d", "1")), listener="few")
NAMES.case("count_over", get("/", *[(f"h{i}", "1") for i in range(6)]), listener="few")
NAMES.case("count_over_h2", get("/", *[(f"h{i}", "1") for i in range(6)]), listener="few", protocol="h2")
NAMES.case("count_over_default", get("/", *[(f"h{i}", "1") for i in range(120)]), listener="allow")
NAMES.case("size_over", get("/", ("x-big", "v" * 1100)), listener="small")
NAMES.case("size_over_h2", get("/", ("x-big", "v" * 1100)), listener="small", protocol="h2")
NAMES.case("size_over_default", get("/", ("x-big", "v" * 70000)), listener="allow")
NAMES.case("url_over", get("/" + "u" * 2000), listener="small")
NAMES.case("proper_case_words", get("/", ("x-some-thing", "1")), listener="proper")
NAMES.case("values_trimmed", get("/", ("x-space", "  a b \t ")), listener="allow")
NAMES.case("empty_value", get("/", ("x-empty", "")), listener="allow")
NAMES.case("repeated_header_order", get("/", ("x-r", "1"), ("x-other", "o"), ("x-r", "2"), ("X-R", "3")), listener="allow")
NAMES.case("repeated_known_header", get("/", ("accept", "a"), ("accept", "b"), ("user-agent", "u1"), ("user-agent", "u2")), listener="allow")
NAMES.case("cookies_h1", get("/", ("cookie", "a=1"), ("cookie", "b=2")), listener="allow")
NAMES.case("cookies_h2", get("/", ("cookie", "a=1"), ("cookie", "b=2")), listener="allow", protocol="h2")
NAMES.case("hop_by_hop", get("/", ("connection", "x-hop, keep-alive"), ("x-hop", "1"), ("keep-alive", "timeout=5"), ("proxy-connection", "x"),
                             ("te", "trailers"), ("proxy-authorization", "b"), ("trailer", "x-t")), listener="allow")
NAMES.case("connection_names_important", get("/", ("connection", "host, x-forwarded-for, authorization"), ("authorization", "b")), listener="allow")
NAMES.case("te_gzip", get("/", ("te", "gzip, trailers")), listener="allow")

CASE = Feature("preserve_case", """
listeners:
  preserve:
    hcm: {http_protocol_options: {header_key_format: {stateful_formatter: {name: p, typed_config: {"@type": http.header_formatters.preserve_case.v3.PreserveCaseFormatterConfig}}}}}
    routes: [{match: {prefix: /}, route: {cluster: preserving}}]
clusters:
  preserving:
    endpoints: [a]
    http: {explicit_http_config: {http_protocol_options: {header_key_format: {stateful_formatter: {name: p, typed_config: {"@type": http.header_formatters.preserve_case.v3.PreserveCaseFormatterConfig}}}}}}
""")
CASE.case("preserve_case", get("/", ("X-SoMe", "1"), ("UPPER", "1")), listener="preserve")
