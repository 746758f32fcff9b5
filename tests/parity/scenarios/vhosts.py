"""Which virtual host a request belongs to, and what a virtual host demands."""
from tests.parity.feature import Feature, get, request

VHOSTS = Feature("vhosts", """
listeners:
  main:
    vhosts:
    - {name: exact, domains: [exact.test, "ported.test:8080"], routes: [{name: exact, match: {prefix: /}, route: {cluster: a}}]}
    - {name: suffix, domains: ["*.test"], routes: [{name: suffix, match: {prefix: /}, route: {cluster: a}}]}
    - {name: longer_suffix, domains: ["*.sub.test"], routes: [{name: longer_suffix, match: {prefix: /}, route: {cluster: a}}]}
    - {name: dash_suffix, domains: ["*-dash.example"], routes: [{name: dash_suffix, match: {prefix: /}, route: {cluster: a}}]}
    - {name: prefix, domains: ["pre.*"], routes: [{name: prefix, match: {prefix: /}, route: {cluster: a}}]}
    - {name: prefix_dash, domains: ["pre.long.*"], routes: [{name: prefix_long, match: {prefix: /}, route: {cluster: a}}]}
    - {name: v6, domains: ["[::1]", "10.0.0.1"], routes: [{name: literal, match: {prefix: /}, route: {cluster: a}}]}
  any:
    vhosts:
    - {name: one, domains: [one.test], routes: [{name: one, match: {prefix: /only}, route: {cluster: a}}]}
    - {name: star, domains: ["*"], routes: [{name: star, match: {prefix: /}, route: {cluster: a}}]}
  ignoring_port:
    route_config: {ignore_port_in_host_matching: true}
    vhosts: [{name: one, domains: [one.test], routes: [{name: one, match: {prefix: /}, route: {cluster: a}}]}]
  strip_any:
    hcm: {strip_any_host_port: true}
    vhosts: [{name: one, domains: [one.test], routes: [{name: one, match: {prefix: /}, route: {cluster: a}}]}]
  strip_matching:
    hcm: {strip_matching_host_port: true}
    vhosts: [{name: one, domains: [one.test], routes: [{name: one, match: {prefix: /}, route: {cluster: a}}]}]
  strip_dot:
    hcm: {strip_trailing_host_dot: true}
    vhosts: [{name: one, domains: [one.test, "one.test:80"], routes: [{name: one, match: {prefix: /}, route: {cluster: a}}]}]
  tls_all:
    vhosts:
    - {name: t, domains: ["*"], require_tls: ALL, routes: [{name: t, match: {prefix: /}, route: {cluster: a}}]}
  tls_external:
    vhosts:
    - {name: t, domains: ["*"], require_tls: EXTERNAL_ONLY, routes: [{name: t, match: {prefix: /}, route: {cluster: a}}]}
    hcm: {use_remote_address: true}
  vhost_header:
    route_config: {vhost_header: x-vhost}
    vhosts: [{name: one, domains: [one.test], routes: [{name: one, match: {prefix: /}, route: {cluster: a}}]}]
""")
for name, host in {
    "exact": "exact.test", "exact_any_case": "EXACT.Test", "exact_other_port_is_not": "exact.test:81", "exact_with_port": "ported.test:8080",
    "suffix": "x.test", "suffix_two_labels": "a.b.test", "suffix_needs_something": ".test", "longest_suffix": "x.sub.test",
    "suffix_self": "sub.test", "dash_suffix": "a-dash.example", "prefix": "pre.com", "prefix_longest": "pre.long.com",
    "suffix_before_prefix": "pre.test", "v6_literal": "[::1]", "v4_literal": "10.0.0.1", "none": "nobody.example",
    "suffix_with_port": "x.test:8080", "trailing_dot": "exact.test.",
}.items():
    VHOSTS.case(name, get("/", host=host))
for name, listener, target, host in [
    ("star", "any", "/x", "zzz"), ("no_fallback_to_star", "any", "/x", "one.test"), ("ignore_port", "ignoring_port", "/", "one.test:999"),
    ("ignore_port_forwards_it", "ignoring_port", "/", "ONE.test:1"), ("strip_any_port", "strip_any", "/", "one.test:999"),
    ("strip_any_without_port", "strip_any", "/", "one.test"),
    ("strip_matching_other_port", "strip_matching", "/", "one.test:1"), ("strip_dot", "strip_dot", "/", "one.test."),
    ("strip_dot_before_port", "strip_dot", "/", "one.test.:80"), ("require_tls", "tls_all", "/p?q=1", "h.test"),
    ("require_tls_keeps_port", "tls_all", "/p", "h.test:8080"), ("require_tls_external_loopback", "tls_external", "/p", "h.test"),
]:
    VHOSTS.case(name, get(target, host=host), listener=listener)
VHOSTS.case("vhost_header", get("/", ("x-vhost", "one.test"), host="other.test"), listener="vhost_header")
VHOSTS.case("vhost_header_missing", get("/", host="one.test"), listener="vhost_header")
VHOSTS.case("require_tls_behind_proxy", get("/", ("x-forwarded-proto", "https")), listener="tls_all")
VHOSTS.case("post_redirected_to_tls", request("POST", "/x"), listener="tls_all")
VHOSTS.case("h2_authority", get("/", host="x.sub.test"), protocol="h2")
VHOSTS.case("h2_host_header_only", get("/", ("host", "exact.test"), pseudo=[(":method", "GET"), (":scheme", "http"), (":path", "/")]), protocol="h2")
