"""Which virtual host a request belongs to, and what a virtual host demands."""
from tests.parity.feature import Feature, get, post, request
from tests.support.reply import Reply

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

_BACK = "retry_back_off: {base_interval: 0.001s, max_interval: 0.002s}"
VIRTUAL_CLUSTERS = Feature("virtual_clusters", f"""
listeners:
  main:
    vhosts:
    - name: shop
      domains: ["*"]
      virtual_clusters:
      - {{name: reads, headers: [{{name: ":method", string_match: {{exact: GET}}}}]}}
      - {{name: writes, headers: [{{name: ":method", string_match: {{exact: POST}}}}, {{name: x-w, present_match: true}}]}}
      request_headers_to_add: [{{header: {{key: x-virtual-cluster, value: "%VIRTUAL_CLUSTER_NAME%"}}}}]
      routes:
      - {{match: {{prefix: /retry}}, route: {{cluster: a, retry_policy: {{retry_on: 5xx, num_retries: 1, {_BACK}}}}}}}
      - {{match: {{prefix: /full}}, route: {{cluster: full, retry_policy: {{retry_on: 5xx, num_retries: 1, {_BACK}}}}}}}
      - {{match: {{prefix: /short}}, route: {{cluster: a, timeout: 0.15s}}}}
      - {{match: {{prefix: /refused}}, route: {{cluster: refused}}}}
      - {{match: {{prefix: /nobody}}, route: {{cluster: nobody}}}}
      - {{match: {{prefix: /direct}}, direct_response: {{status: 204}}}}
      - {{match: {{prefix: /named}}, route: {{cluster: a}}, stat_prefix: special}}
      - {{match: {{prefix: /}}, route: {{cluster: a}}}}
  prefixed:
    vhosts:
    - name: other
      domains: ["*"]
      routes: [{{match: {{prefix: /}}, route: {{cluster: a, retry_policy: {{retry_on: 5xx, num_retries: 1, {_BACK}}}}}, stat_prefix: all.of_them}}]
clusters:
  full: {{endpoints: [a], circuit_breakers: {{thresholds: [{{max_retries: 0}}]}}}}
  refused: {{}}
  nobody: {{endpoints: []}}
""")
R = Reply
VIRTUAL_CLUSTERS.case("first", get("/"))
VIRTUAL_CLUSTERS.case("second", post("/", b"x", ("x-w", "1")))
VIRTUAL_CLUSTERS.case("rest", post("/", b"x"))
VIRTUAL_CLUSTERS.case("by_changed_status", get("/"), get("/"), origin=[R(404), R(504)])
VIRTUAL_CLUSTERS.case("retry", get("/retry"), origin=[R(503), R()])
VIRTUAL_CLUSTERS.case("retry_limit", get("/retry"), origin=[R(503)])
VIRTUAL_CLUSTERS.case("retry_overflow", get("/full"), origin=[R(503)])
VIRTUAL_CLUSTERS.case("timeout", get("/short"), origin=R(hang=True))
VIRTUAL_CLUSTERS.case("refused", get("/refused"))
VIRTUAL_CLUSTERS.case("no_host", get("/nobody"))
VIRTUAL_CLUSTERS.case("direct_response", get("/direct"))
VIRTUAL_CLUSTERS.case("route_too", get("/named"))
VIRTUAL_CLUSTERS.case("interim", get("/"), origin=R(interim=[(100, [])]))
VIRTUAL_CLUSTERS.case("route_alone", get("/"), listener="prefixed")
VIRTUAL_CLUSTERS.case("route_retry", get("/"), listener="prefixed", origin=[R(503), R()])
VIRTUAL_CLUSTERS.case("route_reset", get("/"), listener="prefixed", origin=[R(close_before=True)])
