"""HTTP filters that answer or change a request themselves."""
from tests.parity.feature import Feature, get, post, request
from tests.support.reply import Reply

R = Reply
GRPC = ("content-type", "application/grpc")
MESSAGE = b"\0\0\0\0\0"

FAULT = Feature("fault", """
listeners:
  abort: {filters: [{fault: {abort: {http_status: 418, percentage: {numerator: 100}}}}]}
  grpc_abort: {filters: [{fault: {abort: {grpc_status: 14, percentage: {numerator: 100}}}}]}
  never: {filters: [{fault: {abort: {http_status: 418, percentage: {numerator: 0}}}}]}
  delay: {filters: [{fault: {delay: {fixed_delay: 0.05s, percentage: {numerator: 100}}}}]}
  both: {filters: [{fault: {delay: {fixed_delay: 0.02s, percentage: {numerator: 100}}, abort: {http_status: 500, percentage: {numerator: 100}}}}]}
  by_header: {filters: [{fault: {abort: {header_abort: {}, percentage: {numerator: 100}}}}]}
  delay_by_header: {filters: [{fault: {delay: {header_delay: {}, percentage: {numerator: 100}}}}]}
  matching: {filters: [{fault: {abort: {http_status: 503, percentage: {numerator: 100}}, headers: [{name: x-fault, string_match: {exact: "1"}}]}}]}
  cluster: {filters: [{fault: {abort: {http_status: 503, percentage: {numerator: 100}}, upstream_cluster: other}}]}
  per_route:
    filters: [{fault: {}}]
    routes:
    - match: {prefix: /f}
      route: {cluster: a}
      typed_per_filter_config: {envoy.filters.http.fault: {"@type": http.fault.v3.HTTPFault, abort: {http_status: 429, percentage: {numerator: 100}}}}
    - {match: {prefix: /}, route: {cluster: a}}
  disabled_route:
    filters: [{fault: {abort: {http_status: 418, percentage: {numerator: 100}}}}]
    routes:
    - match: {prefix: /off}
      route: {cluster: a}
      typed_per_filter_config: {envoy.filters.http.fault: {"@type": type.googleapis.com/envoy.config.route.v3.FilterConfig, disabled: true}}
    - {match: {prefix: /}, route: {cluster: a}}
  max_active: {filters: [{fault: {max_active_faults: 0, abort: {http_status: 418, percentage: {numerator: 100}}}}]}
""")
for listener in ("abort", "grpc_abort", "never", "delay", "both", "matching", "cluster", "per_route", "max_active"):
    FAULT.case(listener, get("/f"), listener=listener)
FAULT.case("abort_grpc_client", post("/", MESSAGE, GRPC), listener="abort", protocol="h2")
FAULT.case("grpc_abort_grpc_client", post("/", MESSAGE, GRPC), listener="grpc_abort", protocol="h2")
FAULT.case("matching_yes", get("/", ("x-fault", "1")), listener="matching")
FAULT.case("per_route_other", get("/other"), listener="per_route")
FAULT.case("per_route_disabled", get("/off"), listener="disabled_route")
FAULT.case("per_route_not_disabled", get("/on"), listener="disabled_route")
FAULT.case("header_abort", get("/", ("x-envoy-fault-abort-request", "429")), listener="by_header")
FAULT.case("header_abort_invalid", get("/", ("x-envoy-fault-abort-request", "abc")), listener="by_header")
FAULT.case("header_abort_grpc", post("/", MESSAGE, GRPC, ("x-envoy-fault-abort-grpc-request", "5")), listener="by_header", protocol="h2")
FAULT.case("header_abort_percentage_zero", get("/", ("x-envoy-fault-abort-request", "429"), ("x-envoy-fault-abort-request-percentage", "0")), listener="by_header")
FAULT.case("header_delay", get("/", ("x-envoy-fault-delay-request", "20")), listener="delay_by_header")

CORS = Feature("cors", """
listeners:
  main:
    filters: [{cors: {}}]
    vhosts:
    - name: v
      domains: ["*"]
      typed_per_filter_config:
        envoy.filters.http.cors: &policy
          "@type": http.cors.v3.CorsPolicy
          allow_origin_string_match: [{exact: "https://ok.test"}, {suffix: ".suffix.test"}, {safe_regex: {regex: "http://re[0-9]"}}]
          allow_methods: GET,PUT
          allow_headers: x-a,x-b
          expose_headers: x-e
          max_age: "600"
          allow_credentials: true
      routes:
      - match: {prefix: /own}
        route: {cluster: a}
        typed_per_filter_config: {envoy.filters.http.cors: {"@type": http.cors.v3.CorsPolicy, allow_origin_string_match: [{exact: "*"}], allow_methods: POST}}
      - match: {prefix: /disabled}
        route: {cluster: a}
        typed_per_filter_config: {envoy.filters.http.cors: {"@type": http.cors.v3.CorsPolicy, allow_origin_string_match: [{prefix: "http"}], filter_enabled: {default_value: {numerator: 0}}}}
      - match: {prefix: /shadow}
        route: {cluster: a}
        typed_per_filter_config: {envoy.filters.http.cors: {"@type": http.cors.v3.CorsPolicy, allow_origin_string_match: [{prefix: "http"}], filter_enabled: {default_value: {numerator: 0}}, shadow_enabled: {default_value: {numerator: 100}}}}
      - match: {prefix: /strict}
        route: {cluster: a}
        typed_per_filter_config: {envoy.filters.http.cors: {"@type": http.cors.v3.CorsPolicy, allow_origin_string_match: [{exact: "https://ok.test"}], forward_not_matching_preflights: false}}
      - match: {prefix: /private}
        route: {cluster: a}
        typed_per_filter_config: {envoy.filters.http.cors: {"@type": http.cors.v3.CorsPolicy, allow_origin_string_match: [{prefix: "http"}], allow_private_network_access: true, allow_methods: GET}}
      - {match: {prefix: /}, route: {cluster: a}}
""")
PREFLIGHT = ("access-control-request-method", "GET")
for name, method, target, headers in [
    ("no_origin", "GET", "/", []), ("simple", "GET", "/", [("origin", "https://ok.test")]), ("simple_other", "GET", "/", [("origin", "https://no.test")]),
    ("simple_suffix", "GET", "/", [("origin", "https://a.suffix.test")]), ("simple_regex", "GET", "/", [("origin", "http://re1")]),
    ("preflight", "OPTIONS", "/", [("origin", "https://ok.test"), PREFLIGHT]), ("preflight_other", "OPTIONS", "/", [("origin", "https://no.test"), PREFLIGHT]),
    ("preflight_other_strict", "OPTIONS", "/strict", [("origin", "https://no.test"), PREFLIGHT]),
    ("options_without_request_method", "OPTIONS", "/", [("origin", "https://ok.test")]), ("route_policy", "GET", "/own", [("origin", "https://any.test")]),
    ("route_policy_preflight", "OPTIONS", "/own", [("origin", "https://any.test"), PREFLIGHT]), ("disabled", "GET", "/disabled", [("origin", "http://x")]),
    ("shadow", "GET", "/shadow", [("origin", "http://x")]), ("private_network", "OPTIONS", "/private", [("origin", "http://x"), PREFLIGHT, ("access-control-request-private-network", "true")]),
]:
    CORS.case(name, request(method, target, *headers), origin=R(headers=[("access-control-allow-origin", "from-origin")] if name == "simple" else []))


def rbac(permission: str, principal: str = "any: true", action: str = "ALLOW", kind: str = "rules") -> str:
    """One-policy RBAC rules, as YAML flow."""
    policies = "{p: {permissions: [{%s}], principals: [{%s}]}}" % (permission, principal)
    return "%s: {action: %s, policies: %s}" % (kind, action, policies)


_RBAC = {
    "path": rbac("url_path: {path: {prefix: /ok}}"),
    "header": rbac("header: {name: x-a, string_match: {exact: v}}"),
    "deny_method": rbac('header: {name: ":method", string_match: {exact: DELETE}}', action="DENY"),
    "ip": rbac("any: true", "direct_remote_ip: {address_prefix: 127.0.0.1, prefix_len: 32}"),
    "xff_ip": rbac("any: true", "remote_ip: {address_prefix: 9.9.0.0, prefix_len: 16}"),
    "logic": rbac("and_rules: {rules: [{url_path: {path: {prefix: /a}}}, {not_rule: {header: {name: x-no, present_match: true}}}]}",
                  "or_ids: {ids: [{header: {name: x-u, string_match: {exact: '1'}}}, {header: {name: x-u, string_match: {exact: '2'}}}]}"),
    "shadow": rbac("url_path: {path: {exact: /ok}}", kind="shadow_rules") + ", shadow_rules_stat_prefix: sh_",
    "log": rbac("any: true", action="LOG"),
    "empty": "rules: {action: ALLOW}",
    "none": "",
    "authenticated": rbac("any: true", "authenticated: {}"),
    "template": rbac("uri_template: {name: t, typed_config: {'@type': path.match.uri_template.v3.UriTemplateMatchConfig, path_template: '/t/{x}/y'}}"),
}
RBAC = Feature("rbac", "listeners:\n" + "".join(
    "  %s: {filters: [{rbac: {%s}}]}\n" % item for item in _RBAC.items()) + """
  per_route:
    filters: [{rbac: {PATH}}]
    routes:
    - match: {prefix: /own}
      route: {cluster: a}
      typed_per_filter_config: {envoy.filters.http.rbac: {"@type": http.rbac.v3.RBACPerRoute, rbac: {OWN}}}
    - match: {prefix: /free}
      route: {cluster: a}
      typed_per_filter_config: {envoy.filters.http.rbac: {"@type": http.rbac.v3.RBACPerRoute}}
    - {match: {prefix: /}, route: {cluster: a}}
""".replace("PATH", _RBAC["path"]).replace("OWN", rbac("header: {name: x-own, present_match: true}")))
for name, listener, req in [
    ("path_allowed", "path", get("/ok/x?q")), ("path_denied", "path", get("/no")), ("path_denied_dotdot", "path", get("/ok/../no")),
    ("header_allowed", "header", get("/", ("x-a", "v"))), ("header_denied", "header", get("/", ("x-a", "w"))),
    ("header_one_of_two", "header", get("/", ("x-a", "w"), ("x-a", "v"))), ("method_denied", "deny_method", request("DELETE", "/")),
    ("method_allowed", "deny_method", get("/")), ("ip_allowed", "ip", get("/")), ("remote_ip_by_xff", "xff_ip", get("/", ("x-forwarded-for", "9.9.1.1"))),
    ("remote_ip_denied", "xff_ip", get("/")), ("logic_allowed", "logic", get("/a", ("x-u", "2"))), ("logic_not", "logic", get("/a", ("x-u", "2"), ("x-no", "1"))),
    ("logic_or_none", "logic", get("/a", ("x-u", "3"))), ("shadow_denied", "shadow", get("/no")), ("shadow_allowed", "shadow", get("/ok")), ("log", "log", get("/")),
    ("empty_rules_deny", "empty", get("/")), ("no_rules_allow", "none", get("/")), ("authenticated_without_tls", "authenticated", get("/")),
    ("template_allowed", "template", get("/t/1/y")), ("template_denied", "template", get("/t/1/z")), ("per_route_own", "per_route", get("/own", ("x-own", "1"))),
    ("per_route_own_denied", "per_route", get("/own")), ("per_route_free", "per_route", get("/free")), ("per_route_inherits", "per_route", get("/no")),
]:
    RBAC.case(name, req, listener=listener)
RBAC.case("denied_grpc", post("/no", MESSAGE, GRPC), listener="path", protocol="h2")
RBAC.case("denied_other_source", get("/"), listener="ip", dial={"source": "127.0.0.2"})

_BUCKET = "token_bucket: {max_tokens: 2, tokens_per_fill: 1, fill_interval: 3600s}"
_ON = "filter_enabled: {default_value: {numerator: 100}}, filter_enforced: {default_value: {numerator: 100}}"
LIMIT = Feature("local_rate_limit", f"""
listeners:
  main: {{filters: [{{local_ratelimit: {{stat_prefix: main, {_BUCKET}, {_ON}}}}}]}}
  not_enforced: {{filters: [{{local_ratelimit: {{stat_prefix: soft, {_BUCKET}, filter_enabled: {{default_value: {{numerator: 100}}}}}}}}]}}
  disabled: {{filters: [{{local_ratelimit: {{stat_prefix: unused, {_BUCKET}}}}}]}}
  custom: {{filters: [{{local_ratelimit: {{stat_prefix: custom, {_BUCKET}, {_ON}, status: {{code: ServiceUnavailable}}, response_headers_to_add: [{{header: {{key: x-limited, value: "yes"}}}}], enable_x_ratelimit_headers: DRAFT_VERSION_03}}}}]}}
  grpc: {{filters: [{{local_ratelimit: {{stat_prefix: grpc, {_BUCKET}, {_ON}, rate_limited_as_resource_exhausted: true}}}}]}}
  per_route:
    filters: [{{local_ratelimit: {{stat_prefix: base}}}}]
    routes:
    - match: {{prefix: /limited}}
      route: {{cluster: a}}
      typed_per_filter_config: {{envoy.filters.http.local_ratelimit: {{"@type": http.local_ratelimit.v3.LocalRateLimit, stat_prefix: route, {_BUCKET}, {_ON}}}}}
    - {{match: {{prefix: /}}, route: {{cluster: a}}}}
  descriptors:
    filters: [{{local_ratelimit: {{stat_prefix: desc, token_bucket: {{max_tokens: 100, fill_interval: 3600s}}, {_ON}, descriptors: [{{entries: [{{key: who, value: bob}}], token_bucket: {{max_tokens: 1, tokens_per_fill: 1, fill_interval: 3600s}}}}]}}}}]
    routes:
    - match: {{prefix: /}}
      route: {{cluster: a, rate_limits: [{{actions: [{{request_headers: {{header_name: x-who, descriptor_key: who}}}}]}}]}}
""")
THREE = [get("/limited/1"), get("/limited/2"), get("/limited/3")]
for listener in ("main", "not_enforced", "disabled", "custom", "per_route"):
    LIMIT.case(listener, *THREE, listener=listener, ignore=("*.x-ratelimit-reset",))
LIMIT.case("per_route_other", *[get("/free")] * 3, listener="per_route")
LIMIT.case("grpc", *[post("/s/m", MESSAGE, GRPC)] * 3, listener="grpc", protocol="h2")
LIMIT.case("descriptor_bob", *[get("/", ("x-who", "bob"))] * 2, listener="descriptors")
LIMIT.case("descriptor_alice", *[get("/", ("x-who", "alice"))] * 2, listener="descriptors")
PER_CONNECTION = Feature("local_rate_limit_per_connection", f"""
listeners:
  per_connection: {{filters: [{{local_ratelimit: {{stat_prefix: conn, {_BUCKET}, {_ON}, local_rate_limit_per_downstream_connection: true}}}}]}}
""")
PER_CONNECTION.case("fresh", *THREE, listener="per_connection", fresh=True)
PER_CONNECTION.case("same", *THREE, listener="per_connection")

SMALL = Feature("small_filters", """
listeners:
  buffer: {filters: [{buffer: {max_request_bytes: 10}}]}
  buffer_route:
    filters: [{buffer: {max_request_bytes: 10}}]
    routes:
    - {match: {prefix: /off}, route: {cluster: a}, typed_per_filter_config: {envoy.filters.http.buffer: {"@type": http.buffer.v3.BufferPerRoute, disabled: true}}}
    - {match: {prefix: /}, route: {cluster: a}}
  mutation:
    filters:
    - header_mutation:
        mutations:
          request_mutations:
          - {append: {header: {key: x-m, value: "%REQ(x-in)%"}}}
          - {remove: x-gone}
          - {append: {header: {key: x-over, value: new}, append_action: OVERWRITE_IF_EXISTS_OR_ADD}}
          response_mutations:
          - {append: {header: {key: x-rm, value: r}}}
          - {remove: x-rgone}
    routes:
    - match: {prefix: /route}
      route: {cluster: a}
      typed_per_filter_config: {envoy.filters.http.header_mutation: {"@type": http.header_mutation.v3.HeaderMutationPerRoute, mutations: {request_mutations: [{append: {header: {key: x-route, value: "1"}}}]}}}
    - {match: {prefix: /}, route: {cluster: a}}
  health: {filters: [{health_check: {pass_through_mode: false, headers: [{name: ":path", string_match: {exact: /healthz}}]}}]}
  health_through: {filters: [{health_check: {pass_through_mode: true, headers: [{name: ":path", string_match: {exact: /healthz}}]}}]}
  health_min: {filters: [{health_check: {pass_through_mode: false, cluster_min_healthy_percentages: {a: {value: 50}, empty: {value: 50}}, headers: [{name: ":path", string_match: {exact: /healthz}}]}}]}
  health_min_met: {filters: [{health_check: {pass_through_mode: false, cluster_min_healthy_percentages: {a: {value: 50}}, headers: [{name: ":path", string_match: {exact: /healthz}}]}}]}
  health_min_unknown: {filters: [{health_check: {pass_through_mode: false, cluster_min_healthy_percentages: {nobody: {value: 50}}, headers: [{name: ":path", string_match: {exact: /healthz}}]}}]}
  disabled_filter:
    filters: [{fault: {disabled: true, abort: {http_status: 418, percentage: {numerator: 100}}}}]
    routes:
    - match: {prefix: /on}
      route: {cluster: a}
      typed_per_filter_config: {envoy.filters.http.fault: {"@type": type.googleapis.com/envoy.config.route.v3.FilterConfig, config: {"@type": http.fault.v3.HTTPFault, abort: {http_status: 419, percentage: {numerator: 100}}}}}
    - {match: {prefix: /}, route: {cluster: a}}
clusters:
  empty: {endpoints: []}
""")
SMALL.case("buffer_within", post("/", b"0123456789"), listener="buffer")
SMALL.case("buffer_over", post("/", b"0123456789a"), listener="buffer")
SMALL.case("buffer_adds_length", post("/", b"", chunks=[b"012", b"345"]), listener="buffer")
SMALL.case("buffer_over_chunked", post("/", b"", chunks=[b"01234567", b"89abcdef"]), listener="buffer")
SMALL.case("buffer_over_h2", post("/", b"0" * 100_000), listener="buffer", protocol="h2")
SMALL.case("buffer_disabled_on_route", post("/off", b"0123456789a"), listener="buffer_route")
SMALL.case("mutation", get("/", ("x-in", "v"), ("x-gone", "1"), ("x-over", "old")), origin=R(headers=[("x-rgone", "1"), ("x-rm", "o")]), listener="mutation")
SMALL.case("mutation_route", get("/route"), listener="mutation")
SMALL.case("mutation_local_reply", get("/"), origin=R(close_before=True), listener="mutation")
SMALL.case("health_local", get("/healthz"), listener="health")
SMALL.case("health_other", get("/x"), listener="health")
SMALL.case("health_passed_through", get("/healthz"), listener="health_through")
SMALL.case("health_cluster_minimum", get("/healthz"), listener="health_min")
SMALL.case("health_cluster_minimum_met", get("/healthz"), listener="health_min_met")
SMALL.case("health_cluster_unknown", get("/healthz"), listener="health_min_unknown")
SMALL.case("filter_disabled_by_default", get("/"), listener="disabled_filter")
SMALL.case("filter_enabled_on_route", get("/on"), listener="disabled_filter")

# Filters of which each may be missing without hiding the others.
CSRF = Feature("csrf", """
listeners:
  csrf: {filters: [{csrf: {filter_enabled: {default_value: {numerator: 100}}, additional_origins: [{exact: friend.test}]}}]}
  csrf_shadow: {filters: [{csrf: {filter_enabled: {default_value: {numerator: 0}}, shadow_enabled: {default_value: {numerator: 100}}}}]}
""")
CSRF.case("csrf_safe_method", get("/"), listener="csrf")
CSRF.case("csrf_same_origin", post("/", b"", ("origin", "http://host.test")), listener="csrf")
CSRF.case("csrf_other_origin", post("/", b"", ("origin", "http://evil.test")), listener="csrf")
CSRF.case("csrf_no_origin", request("POST", "/"), listener="csrf")
CSRF.case("csrf_referer", post("/", b"", ("referer", "http://host.test/page")), listener="csrf")
CSRF.case("csrf_additional", post("/", b"", ("origin", "http://friend.test")), listener="csrf")
CSRF.case("csrf_shadow", post("/", b"", ("origin", "http://evil.test")), listener="csrf_shadow")

EARLY = Feature("early_header_mutation", """
listeners:
  early: {hcm: {early_header_mutation_extensions: [{name: e, typed_config: {"@type": http.early_header_mutation.header_mutation.v3.HeaderMutation, mutations: [{append: {header: {key: x-early, value: "1"}}}]}}]}, routes: [{name: early, match: {prefix: /, headers: [{name: x-early, present_match: true}]}, route: {cluster: a}}]}
""")
EARLY.case("early_mutation", get("/"), listener="early")

BASIC = Feature("basic_auth", """
listeners:
  basic_auth: {filters: [{basic_auth: {users: {inline_string: "user:{SHA}qUqP5cyxm6YcTAhz05Hph5gvu9M="}}}]}
""")
BASIC.case("basic_auth_missing", get("/"), listener="basic_auth")
BASIC.case("basic_auth_wrong", get("/", ("authorization", "Basic dXNlcjp4")), listener="basic_auth")
BASIC.case("basic_auth_right", get("/", ("authorization", "Basic dXNlcjp0ZXN0")), listener="basic_auth")

METADATA = Feature("header_to_metadata", """
listeners:
  header_to_metadata:
    filters: [{header_to_metadata: {request_rules: [{header: x-ver, on_header_present: {metadata_namespace: ns, key: ver, type: STRING}, on_header_missing: {metadata_namespace: ns, key: ver, value: none}, remove: true}]}}]
    routes: [{match: {prefix: /}, route: {cluster: a}, request_headers_to_add: [{header: {key: x-meta, value: "%DYNAMIC_METADATA(ns:ver)%"}}]}]
""")
METADATA.case("header_to_metadata", get("/", ("x-ver", "7")), listener="header_to_metadata")
METADATA.case("header_to_metadata_missing", get("/"), listener="header_to_metadata")

GRPC_STATS = Feature("grpc_stats", """
listeners:
  grpc_stats: {filters: [{grpc_stats: {emit_filter_state: true, stats_for_all_methods: true}}]}
""")
GRPC_STATS.case("grpc_stats", post("/svc/Method", MESSAGE, GRPC), listener="grpc_stats", protocol="h2",
           origin=R(200, [GRPC], body=MESSAGE, trailers=[("grpc-status", "0")]))

GRPC_WEB = Feature("grpc_web", """
listeners:
  grpc_web: {filters: [{grpc_web: {}}]}
""")
GRPC_WEB.case("grpc_web", post("/svc/Method", MESSAGE, ("content-type", "application/grpc-web")), listener="grpc_web",
           origin=R(200, [GRPC], body=MESSAGE, trailers=[("grpc-status", "0")]))
GRPC_WEB.case("grpc_web_text", post("/svc/Method", b"AAAAAAA=", ("content-type", "application/grpc-web-text")), listener="grpc_web",
           origin=R(200, [GRPC], body=MESSAGE, trailers=[("grpc-status", "0")]))
