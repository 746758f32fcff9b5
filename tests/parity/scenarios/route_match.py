"""Which route a request takes: every matcher of RouteMatch."""
from tests.parity.feature import Feature, get, post, request

MATCH = Feature("route_match", """
listeners:
  main:
    routes:
    - {name: exact, match: {path: /exact}, route: {cluster: a}}
    - {name: exact_nocase, match: {path: /ExactNC, case_sensitive: false}, route: {cluster: a}}
    - {name: first_wins, match: {prefix: /prefix/first}, route: {cluster: b}}
    - {name: prefix, match: {prefix: /prefix}, route: {cluster: a}}
    - {name: never, match: {prefix: /prefix/never}, route: {cluster: b}}
    - {name: nocase, match: {prefix: /CaSe, case_sensitive: false}, route: {cluster: a}}
    - {name: regex, match: {safe_regex: {regex: "/re/[a-z]+"}}, route: {cluster: a}}
    - {name: separated, match: {path_separated_prefix: /sep}, route: {cluster: a}}
    - {name: separated_nocase, match: {path_separated_prefix: /sepNC, case_sensitive: false}, route: {cluster: a}}
    - name: template
      match:
        path_match_policy:
          name: t
          typed_config: {"@type": path.match.uri_template.v3.UriTemplateMatchConfig, path_template: "/tpl/{x}/end/**"}
      route: {cluster: a}
    - name: template_star
      match:
        path_match_policy:
          name: t
          typed_config: {"@type": path.match.uri_template.v3.UriTemplateMatchConfig, path_template: "/star/*/x.{ext}"}
      route: {cluster: b}
    - {name: always, match: {prefix: /always, runtime_fraction: {default_value: {numerator: 100}}}, route: {cluster: a}}
    - {name: never_fraction, match: {prefix: /frac, runtime_fraction: {default_value: {numerator: 0}}}, route: {cluster: b}}
    - {name: after_fraction, match: {prefix: /frac}, route: {cluster: a}}
    - {name: runtime_key, match: {prefix: /key, runtime_fraction: {runtime_key: test.on, default_value: {numerator: 0}}}, route: {cluster: a}}
    - {name: grpc, match: {prefix: /svc, grpc: {}}, route: {cluster: a}}
    - {name: not_grpc, match: {prefix: /svc}, route: {cluster: b}}
clusters: {b: {}}
bootstrap: {layered_runtime: {layers: [{name: base, static_layer: {test.on: 100}}]}}
""")
for name, target in {
    "exact": "/exact", "exact_ignores_query": "/exact?a=b", "exact_not_longer": "/exact/", "exact_is_case_sensitive": "/EXACT",
    "exact_nocase": "/eXACTnc?Q", "prefix": "/prefix/x", "prefix_any_continuation": "/prefixed", "first_route_wins": "/prefix/first",
    "later_route_shadowed": "/prefix/never", "prefix_nocase": "/cAsE/Q", "regex": "/re/abc?q=1", "regex_is_full_match": "/re/abc1",
    "regex_query_is_not_part": "/re/abc?x=1%2f", "separated_self": "/sep", "separated_below": "/sep/x", "separated_query": "/sep?x",
    "separated_not_longer_word": "/sepx", "separated_nocase": "/SEPnc/x", "separated_trailing": "/sep/",
    "template": "/tpl/1/end/a/b", "template_one_segment_only": "/tpl/1/2/end/a", "template_needs_segment": "/tpl//end/a",
    "template_query": "/tpl/1/end/a?b=/c", "template_star": "/star/q/x.png", "template_star_miss": "/star/q/xpng",
    "fraction_always": "/always", "fraction_never": "/frac", "fraction_runtime_key": "/key",
    "no_route": "/none",
}.items():
    MATCH.case(name, get(target))
MATCH.case("grpc_by_content_type", post("/svc/M", b"\0\0\0\0\0", ("content-type", "application/grpc")))
MATCH.case("grpc_with_suffix", post("/svc/M", b"\0\0\0\0\0", ("content-type", "application/grpc+proto")))
MATCH.case("grpc_other_type", post("/svc/M", b"{}", ("content-type", "application/grpcish")))
MATCH.case("grpc_web_is_not_grpc", post("/svc/M", b"{}", ("content-type", "application/grpc-web")))

HEADERS = Feature("route_headers", """
listeners:
  main:
    routes:
    - {name: exact, match: {prefix: /, headers: [{name: x-exact, string_match: {exact: v}}]}, route: {cluster: a}}
    - {name: old_exact, match: {prefix: /, headers: [{name: x-old, exact_match: v}]}, route: {cluster: a}}
    - {name: prefix, match: {prefix: /, headers: [{name: x-prefix, string_match: {prefix: pre}}]}, route: {cluster: a}}
    - {name: suffix, match: {prefix: /, headers: [{name: x-suffix, string_match: {suffix: suf}}]}, route: {cluster: a}}
    - {name: contains, match: {prefix: /, headers: [{name: x-contains, string_match: {contains: mid}}]}, route: {cluster: a}}
    - {name: icase, match: {prefix: /, headers: [{name: x-icase, string_match: {exact: Abc, ignore_case: true}}]}, route: {cluster: a}}
    - {name: regex, match: {prefix: /, headers: [{name: x-regex, string_match: {safe_regex: {regex: "a+"}}}]}, route: {cluster: a}}
    - {name: present, match: {prefix: /, headers: [{name: x-present, present_match: true}]}, route: {cluster: a}}
    - {name: range, match: {prefix: /, headers: [{name: x-range, range_match: {start: 1, end: 10}}]}, route: {cluster: a}}
    - {name: absent, match: {prefix: /absent, headers: [{name: x-absent, present_match: false}]}, route: {cluster: a}}
    - {name: invert, match: {prefix: /invert, headers: [{name: x-invert, string_match: {exact: v}, invert_match: true}]}, route: {cluster: a}}
    - {name: missing_empty, match: {prefix: /missing, headers: [{name: x-missing, string_match: {exact: ""}, treat_missing_header_as_empty: true}]}, route: {cluster: a}}
    - {name: method, match: {prefix: /method, headers: [{name: ":method", string_match: {exact: PUT}}]}, route: {cluster: a}}
    - {name: authority, match: {prefix: /auth, headers: [{name: ":authority", string_match: {prefix: host}}]}, route: {cluster: a}}
    - {name: two, match: {prefix: /two, headers: [{name: x-1, string_match: {exact: a}}, {name: x-2, string_match: {exact: b}}]}, route: {cluster: a}}
    - {name: query_exact, match: {prefix: /q, query_parameters: [{name: e, string_match: {exact: v}}]}, route: {cluster: a}}
    - {name: query_present, match: {prefix: /q, query_parameters: [{name: p, present_match: true}]}, route: {cluster: a}}
    - {name: query_regex, match: {prefix: /q, query_parameters: [{name: r, string_match: {safe_regex: {regex: "[0-9]+"}}}]}, route: {cluster: a}}
    - {name: cookie, match: {prefix: /cookie, cookies: [{name: c, string_match: {exact: v}}]}, route: {cluster: a}}
    - {name: cookie_invert, match: {prefix: /nocookie, cookies: [{name: c, string_match: {exact: v}, invert_match: true}]}, route: {cluster: a}}
""")
for name, target, headers in [
    ("exact", "/", [("x-exact", "v")]), ("exact_is_case_sensitive", "/", [("x-exact", "V")]),
    ("exact_name_any_case", "/", [("X-EXACT", "v")]), ("exact_values_joined", "/", [("x-exact", "v"), ("x-exact", "v")]),
    ("exact_one_value_of_two", "/", [("x-exact", "w"), ("x-exact", "v")]), ("exact_in_a_list_of_one_line", "/", [("x-exact", "w,v")]),
    ("deprecated_exact", "/", [("x-old", "v")]), ("prefix", "/", [("x-prefix", "prefixed")]), ("suffix", "/", [("x-suffix", "asuf")]),
    ("contains", "/", [("x-contains", "amidst")]), ("ignore_case", "/", [("x-icase", "aBC")]), ("regex", "/", [("x-regex", "aaa")]),
    ("regex_full", "/", [("x-regex", "aab")]), ("present", "/", [("x-present", "")]), ("range_inside", "/", [("x-range", "1")]),
    ("range_end_is_outside", "/", [("x-range", "10")]), ("range_not_a_number", "/", [("x-range", "5x")]),
    ("absent", "/absent", []), ("absent_but_there", "/absent", [("x-absent", "1")]), ("invert", "/invert", [("x-invert", "w")]),
    ("invert_missing", "/invert", []), ("invert_same", "/invert", [("x-invert", "v")]), ("missing_as_empty", "/missing", []),
    ("authority", "/auth", []), ("two_of_two", "/two", [("x-1", "a"), ("x-2", "b")]), ("one_of_two", "/two", [("x-1", "a")]),
    ("contains_over_joined_values", "/", [("x-contains", "m"), ("x-contains", "id")]),
    ("regex_one_value_of_two", "/", [("x-regex", "b"), ("x-regex", "aa")]), ("range_one_value_of_two", "/", [("x-range", "5"), ("x-range", "x")]),
    ("invert_one_value_of_two", "/invert", [("x-invert", "v"), ("x-invert", "w")]), ("invert_two_others", "/invert", [("x-invert", "u"), ("x-invert", "w")]),
    ("missing_as_empty_two_values", "/missing", [("x-missing", "a"), ("x-missing", "")]),
    ("query_exact", "/q?e=v", []), ("query_exact_among", "/q?a=1&e=v&z", []), ("query_exact_first_of_two", "/q?e=w&e=v", []),
    ("query_encoded_is_decoded_or_not", "/q?e=%76", []), ("query_present_empty", "/q?p", []), ("query_present_value", "/q?p=1", []),
    ("query_regex", "/q?r=12", []), ("query_regex_full", "/q?r=12a", []), ("query_missing", "/q?z=1", []),
    ("cookie", "/cookie", [("cookie", "a=b; c=v")]), ("cookie_wrong", "/cookie", [("cookie", "c=w")]),
    ("cookie_second_line", "/cookie", [("cookie", "a=b"), ("cookie", "c=v")]), ("cookie_quoted", "/cookie", [("cookie", 'c="v"')]),
    ("cookie_invert_missing", "/nocookie", []), ("cookie_invert_same", "/nocookie", [("cookie", "c=v")]),
]:
    HEADERS.case(name, get(target, *headers))
HEADERS.case("method", request("PUT", "/method"))
HEADERS.case("method_other", request("POST", "/method"))
