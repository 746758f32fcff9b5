"""Timeouts, retries of every kind, and what the x-envoy-* request headers change."""
from tests.parity.feature import Feature, get, post
from tests.support.reply import Reply, in_turn

GRPC = ("content-type", "application/grpc")
MESSAGE = b"\0\0\0\0\0"

TIMEOUTS = Feature("timeouts", """
listeners:
  main: &main
    routes:
    - {name: short, match: {prefix: /short}, route: {cluster: a, timeout: 0.15s}}
    - {name: "off", match: {prefix: /off}, route: {cluster: a, timeout: 0s}}
    - {name: per_try, match: {prefix: /pertry}, route: {cluster: a, timeout: 2s, retry_policy: {retry_on: "5xx", num_retries: 2, per_try_timeout: 0.1s}}}
    - {name: per_try_idle, match: {prefix: /tryidle}, route: {cluster: a, timeout: 2s, retry_policy: {retry_on: reset, num_retries: 1, per_try_idle_timeout: 0.1s}}}
    - {name: idle, match: {prefix: /idle}, route: {cluster: a, timeout: 0s, idle_timeout: 0.15s}}
    - {name: stream, match: {prefix: /stream}, route: {cluster: a, timeout: 0s, max_stream_duration: {max_stream_duration: 0.15s}}}
    - {name: grpc_timeout, match: {prefix: /grpc}, route: {cluster: a, timeout: 0s, max_stream_duration: {grpc_timeout_header_max: 0.15s}}}
    - {name: between, match: {prefix: /between}, route: {cluster: a, timeout: 0.15s, retry_policy: {retry_on: "5xx", rate_limited_retry_back_off: {reset_headers: [{name: retry-after, format: SECONDS}], max_interval: 10s}}}}
    - {name: ejecting, match: {prefix: /eject}, route: {cluster: ejecting, timeout: 0.15s}}
    - {name: grpc_old, match: {prefix: /oldgrpc}, route: {cluster: a, max_grpc_timeout: 0.15s}}
    - {name: plain, match: {prefix: /}, route: {cluster: a}}
  internal:
    hcm: {use_remote_address: true, internal_address_config: {cidr_ranges: [{address_prefix: 127.0.0.0, prefix_len: 8}]}}
  expected:
    hcm:
      use_remote_address: true
      internal_address_config: {cidr_ranges: [{address_prefix: 127.0.0.0, prefix_len: 8}]}
      http_filters: [{name: r, typed_config: {"@type": http.router.v3.Router, respect_expected_rq_timeout: true}}]
  suppress:
    hcm:
      http_filters: [{name: r, typed_config: {"@type": http.router.v3.Router, suppress_envoy_headers: true}}]
  request_timeout: {hcm: {request_timeout: 0.15s}}
  headers_timeout: {hcm: {request_headers_timeout: 0.15s}}
  stream_idle: {hcm: {stream_idle_timeout: 0.15s}, routes: [{match: {prefix: /}, route: {cluster: a, timeout: 0s}}]}
  conn_idle: {hcm: {common_http_protocol_options: {idle_timeout: 0.15s}}}
  conn_max: {hcm: {common_http_protocol_options: {max_connection_duration: 0.15s}, drain_timeout: 0.1s}}
  max_stream: {hcm: {common_http_protocol_options: {max_stream_duration: 0.15s}}, routes: [{match: {prefix: /}, route: {cluster: a, timeout: 0s}}]}
  max_requests: {hcm: {common_http_protocol_options: {max_requests_per_connection: 2}}}
clusters:
  ejecting:
    endpoints: [a]
    outlier_detection: {consecutive_5xx: 1, max_ejection_percent: 100}
    common_lb_config: {healthy_panic_threshold: {value: 0}}
""")
R = Reply
HANG, HALF = Reply(hang=True), Reply(body=b"x" * 100, hang_after=10)
TIMEOUTS.case("route", get("/short"), origin=HANG)
TIMEOUTS.case("route_h2", get("/short"), origin=HANG, protocol="h2")
TIMEOUTS.case("route_grpc", post("/short", MESSAGE, GRPC), origin=HANG, protocol="h2")
TIMEOUTS.case("route_after_headers", get("/short"), origin=HALF)
TIMEOUTS.case("route_after_headers_h2", get("/short"), origin=HALF, protocol="h2")
TIMEOUTS.case("route_between_two_tries", get("/between"), origin=[R(503, [("retry-after", "5")]), R()])
TIMEOUTS.case("route_ejects_host", get("/eject"), get("/eject"), origin=HANG)
TIMEOUTS.case("off", get("/off"))
TIMEOUTS.case("per_try_exhausted", get("/pertry"), origin=HANG)
TIMEOUTS.case("per_try_then_ok", get("/pertry"), origin=[HANG, Reply()])
TIMEOUTS.case("per_try_idle_then_ok", get("/tryidle"), origin=[HANG, Reply()])
TIMEOUTS.case("idle_before_headers", get("/idle"), origin=HANG)
TIMEOUTS.case("idle_in_body", get("/idle"), origin=HALF)
TIMEOUTS.case("max_stream_duration_route", get("/stream"), origin=HANG)
TIMEOUTS.case("max_stream_duration_in_body_h2", get("/stream"), origin=HALF, protocol="h2")
TIMEOUTS.case("grpc_timeout_header", post("/grpc", MESSAGE, GRPC, ("grpc-timeout", "5S")), origin=HANG, protocol="h2")
TIMEOUTS.case("grpc_timeout_shorter", post("/grpc", MESSAGE, GRPC, ("grpc-timeout", "50m")), origin=HANG, protocol="h2")
TIMEOUTS.case("grpc_timeout_absurd", post("/oldgrpc", MESSAGE, GRPC, ("grpc-timeout", "99999999999999H")), protocol="h2")
TIMEOUTS.case("grpc_timeout_old_option", post("/oldgrpc", MESSAGE, GRPC, ("grpc-timeout", "1S")), origin=HANG, protocol="h2")
TIMEOUTS.case("internal_header_shortens", get("/", ("x-envoy-upstream-rq-timeout-ms", "100")), origin=HANG, listener="internal")
TIMEOUTS.case("internal_per_try_header", get("/", ("x-envoy-upstream-rq-per-try-timeout-ms", "80"), ("x-envoy-max-retries", "1"),
                                             ("x-envoy-retry-on", "5xx")), origin=HANG, listener="internal")
TIMEOUTS.case("external_header_is_ignored", get("/", ("x-envoy-upstream-rq-timeout-ms", "1")), origin=Reply())
TIMEOUTS.case("alt_response", get("/", ("x-envoy-upstream-rq-timeout-ms", "80"), ("x-envoy-upstream-rq-timeout-alt-response", "1")),
              origin=HANG, listener="internal")
TIMEOUTS.case("alt_stat_name", get("/", ("x-envoy-upstream-alt-stat-name", "other")), listener="internal")
TIMEOUTS.case("expected_timeout_respected", get("/", ("x-envoy-expected-rq-timeout-ms", "100")), origin=HANG, listener="expected")
TIMEOUTS.case("suppressed_headers", get("/"), listener="suppress")
TIMEOUTS.case("stream_duration_header", get("/", ("x-envoy-upstream-stream-duration-ms", "100")), origin=HANG, listener="internal")
TIMEOUTS.case("request_timeout", post("/", b"abc", ("content-length", "100")), listener="request_timeout")
TIMEOUTS.case("request_headers_timeout", get(raw=b"GET / HTTP/1.1\r\nhost: x\r\n"), listener="headers_timeout", logs=0)
TIMEOUTS.case("stream_idle_waiting_for_origin", get("/"), origin=HANG, listener="stream_idle")
TIMEOUTS.case("stream_idle_waiting_for_client", post("/", b"abc", ("content-length", "100")), listener="stream_idle")
TIMEOUTS.case("stream_idle_half_response", get("/"), origin=HALF, listener="stream_idle")
TIMEOUTS.case("connection_idle", get("/"), listener="conn_idle", tail=True)
TIMEOUTS.case("connection_idle_h2", get("/"), listener="conn_idle", protocol="h2", tail=True)
TIMEOUTS.case("connection_max_duration", get("/"), listener="conn_max", tail=True)
TIMEOUTS.case("max_stream_duration_hcm", get("/"), origin=HANG, listener="max_stream")
TIMEOUTS.case("max_requests_per_connection", get("/1"), get("/2"), get("/3"), listener="max_requests")
TIMEOUTS.case("max_requests_per_connection_h2", get("/1"), get("/2"), get("/3"), listener="max_requests", protocol="h2")

STRICT = Feature("strict_headers", """
listeners:
  strict:
    hcm:
      use_remote_address: true
      internal_address_config: {cidr_ranges: [{address_prefix: 127.0.0.0, prefix_len: 8}]}
      http_filters: [{name: r, typed_config: {"@type": http.router.v3.Router, strict_check_headers: [x-envoy-upstream-rq-timeout-ms]}}]
""")
STRICT.case("refused", get("/", ("x-envoy-upstream-rq-timeout-ms", "abc")), listener="strict")

_BACK = "retry_back_off: {base_interval: 0.001s, max_interval: 0.002s}"
RETRIES = Feature("retries", f"""
listeners:
  main: &main
    routes:
    - {{name: r5xx, match: {{prefix: /5xx}}, route: {{cluster: a, retry_policy: {{retry_on: 5xx, {_BACK}}}}}}}
    - {{name: gw, match: {{prefix: /gateway}}, route: {{cluster: a, retry_policy: {{retry_on: gateway-error, {_BACK}}}}}}}
    - {{name: reset, match: {{prefix: /reset}}, route: {{cluster: a, retry_policy: {{retry_on: reset, {_BACK}}}}}}}
    - {{name: rbr, match: {{prefix: /before}}, route: {{cluster: a, retry_policy: {{retry_on: reset-before-request, {_BACK}}}}}}}
    - {{name: connect, match: {{prefix: /connect}}, route: {{cluster: half, retry_policy: {{retry_on: connect-failure, num_retries: 3, {_BACK}, retry_host_predicate: [{{name: p, typed_config: {{"@type": retry.host.previous_hosts.v3.PreviousHostsPredicate}}}}], host_selection_retry_max_attempts: 5}}}}}}
    - {{name: dead, match: {{prefix: /dead}}, route: {{cluster: refused, retry_policy: {{retry_on: connect-failure, num_retries: 2, {_BACK}}}}}}}
    - {{name: r4xx, match: {{prefix: /4xx}}, route: {{cluster: a, retry_policy: {{retry_on: retriable-4xx, {_BACK}}}}}}}
    - {{name: codes, match: {{prefix: /codes}}, route: {{cluster: a, retry_policy: {{retry_on: retriable-status-codes, retriable_status_codes: [418, 429], {_BACK}}}}}}}
    - {{name: headers, match: {{prefix: /headers}}, route: {{cluster: a, retry_policy: {{retry_on: retriable-headers, retriable_headers: [{{name: x-retry, string_match: {{exact: please}}}}], {_BACK}}}}}}}
    - {{name: request_headers, match: {{prefix: /reqheaders}}, route: {{cluster: a, retry_policy: {{retry_on: 5xx, retriable_request_headers: [{{name: x-may-retry, present_match: true}}], {_BACK}}}}}}}
    - {{name: limited, match: {{prefix: /limited}}, route: {{cluster: a, retry_policy: {{retry_on: envoy-ratelimited, {_BACK}}}}}}}
    - {{name: refused, match: {{prefix: /refused}}, route: {{cluster: h2, retry_policy: {{retry_on: refused-stream, {_BACK}}}}}}}
    - {{name: grpc, match: {{prefix: /grpc}}, route: {{cluster: h2, retry_policy: {{retry_on: "cancelled,deadline-exceeded,internal,resource-exhausted,unavailable", {_BACK}}}}}}}
    - {{name: three, match: {{prefix: /three}}, route: {{cluster: a, retry_policy: {{retry_on: 5xx, num_retries: 3, {_BACK}}}}}}}
    - {{name: zero, match: {{prefix: /zero}}, route: {{cluster: a, retry_policy: {{retry_on: 5xx, num_retries: 0, {_BACK}}}}}}}
    - {{name: unknown, match: {{prefix: /unknown}}, route: {{cluster: a, retry_policy: {{retry_on: "nonsense,5xx", {_BACK}}}}}}}
    - {{name: small_buffer, match: {{prefix: /small}}, route: {{cluster: a, retry_policy: {{retry_on: 5xx, {_BACK}}}}}, per_request_buffer_limit_bytes: 1000}}
    - {{name: budget, match: {{prefix: /budget}}, route: {{cluster: nobudget, retry_policy: {{retry_on: 5xx, {_BACK}}}}}}}
    - {{name: rl_backoff, match: {{prefix: /rlback}}, route: {{cluster: a, retry_policy: {{retry_on: 5xx, {_BACK}, rate_limited_retry_back_off: {{reset_headers: [{{name: retry-after, format: SECONDS}}], max_interval: 0.1s}}}}}}}}
    - {{name: none, match: {{prefix: /}}, route: {{cluster: a}}}}
  counted:
    vhosts:
    - name: v
      domains: ["*"]
      include_request_attempt_count: true
      include_attempt_count_in_response: true
      retry_policy: {{retry_on: 5xx, num_retries: 2, {_BACK}}}
      routes:
      - {{match: {{prefix: /own}}, route: {{cluster: a, retry_policy: {{retry_on: reset}}}}}}
      - {{match: {{prefix: /}}, route: {{cluster: a}}}}
  interim:
    hcm: {{proxy_100_continue: true}}
    vhosts:
    - name: v
      domains: ["*"]
      retry_policy: {{retry_on: 5xx, num_retries: 2, {_BACK}}}
      routes:
      - {{match: {{prefix: /try}}, route: {{cluster: a, timeout: 0.3s, retry_policy: {{retry_on: 5xx, per_try_timeout: 0.1s, {_BACK}}}}}}}
      - {{match: {{prefix: /short}}, route: {{cluster: a, timeout: 0.15s}}}}
      - {{match: {{prefix: /}}, route: {{cluster: a}}}}
  swallowed:
    routes:
    - {{match: {{prefix: /}}, route: {{cluster: a, retry_policy: {{retry_on: 5xx, num_retries: 2, {_BACK}}}}}}}
  internal:
    hcm: {{use_remote_address: true, internal_address_config: {{cidr_ranges: [{{address_prefix: 127.0.0.0, prefix_len: 8}}]}}}}
clusters:
  h2: {{endpoints: [a], protocol: h2}}
  refused: {{}}
  half: {{endpoints: [refused, a]}}
  nobudget: {{endpoints: [a], circuit_breakers: {{thresholds: [{{max_retries: 0}}]}}}}
""")
for name, target, replies in [
    ("5xx_then_ok", "/5xx", [R(503), R()]), ("5xx_twice", "/5xx", [R(503), R(500), R()]), ("5xx_not_404", "/5xx", [R(404), R()]),
    ("5xx_on_close", "/5xx", [R(close_before=True), R()]), ("5xx_on_reset", "/5xx", [R(reset_before=True), R()]),
    ("5xx_in_body_is_too_late", "/5xx", [R(body=b"x" * 50, close_after=10), R()]),
    ("gateway_502", "/gateway", [R(502), R()]), ("gateway_504", "/gateway", [R(504), R()]), ("gateway_not_500", "/gateway", [R(500), R()]),
    ("reset_on_close", "/reset", [R(close_before=True), R()]), ("reset_not_503", "/reset", [R(503), R()]),
    ("reset_before_request_already_sent", "/before", [R(close_before=True), R()]),
    ("retriable_4xx", "/4xx", [R(409), R()]), ("retriable_4xx_not_404", "/4xx", [R(404), R()]),
    ("status_codes", "/codes", [R(418), R()]), ("status_codes_other", "/codes", [R(503), R()]),
    ("response_headers", "/headers", [R(200, [("x-retry", "please")]), R()]), ("response_headers_other", "/headers", [R(200, [("x-retry", "no")]), R()]),
    ("request_headers_missing", "/reqheaders", [R(503), R()]),
    ("ratelimited", "/limited", [R(503, [("x-envoy-ratelimited", "true")]), R()]), ("ratelimited_stops_5xx", "/5xx", [R(429, [("x-envoy-ratelimited", "true")]), R()]),
    ("three_all_fail", "/three", [R(503)]), ("three_last_ok", "/three", [R(503), R(503), R(503), R()]), ("zero", "/zero", [R(503), R()]),
    ("unknown_tokens_ignored", "/unknown", [R(503), R()]), ("no_policy", "/", [R(503), R()]), ("budget_zero", "/budget", [R(503), R()]),
    ("refused_stream", "/refused", [R(reset_before=True, reset_code=7), R()]), ("refused_stream_other_code", "/refused", [R(reset_before=True, reset_code=8), R()]),
    ("rate_limited_back_off", "/rlback", [R(503, [("retry-after", "0")]), R()]),
]:
    RETRIES.case(name, get(target), origin=replies)
RETRIES.case("connect_failure_other_host", get("/connect"), get("/connect"),     # which host is first is chance
             ignore=("log[*].ATTEMPTS", "stat.cluster.half.*"))
RETRIES.case("connect_failure_exhausted", get("/dead"))
RETRIES.case("request_headers_present", get("/reqheaders", ("x-may-retry", "1")), origin=[R(503), R()])
RETRIES.case("body_is_replayed", post("/5xx", b"b" * 3000, ("x-a", "1")), origin=[R(503), R()])
RETRIES.case("body_chunked_with_trailers", post("/5xx", b"", chunks=[b"one", b"two"]), origin=[R(503), R()])
RETRIES.case("body_over_buffer_is_not_retried", post("/small", b"b" * 100_000), origin=[R(503), R()])
RETRIES.case("attempt_counts", get("/"), origin=[R(503), R(503), R()], listener="counted")
RETRIES.case("route_policy_replaces_vhost", get("/own"), origin=[R(503), R()], listener="counted")
for name, number in [("cancelled", 1), ("deadline", 4), ("exhausted", 8), ("internal", 13), ("unavailable", 14), ("not_found", 5)]:
    RETRIES.case(f"grpc_{name}", post("/grpc", MESSAGE, GRPC), protocol="h2", origin=[
        R(200, [GRPC, ("grpc-status", str(number))], body=b""), R(200, [GRPC], body=MESSAGE, trailers=[("grpc-status", "0")])])
RETRIES.case("grpc_status_in_trailers_is_too_late", post("/grpc", MESSAGE, GRPC), protocol="h2", origin=[
    R(200, [GRPC], body=MESSAGE, trailers=[("grpc-status", "14")]), R(200, [GRPC], body=MESSAGE, trailers=[("grpc-status", "0")])])
RETRIES.case("internal_headers_add_retries", get("/", ("x-envoy-retry-on", "5xx"), ("x-envoy-max-retries", "2")),
             origin=[R(503), R(503), R()], listener="internal")
RETRIES.case("internal_codes_header", get("/", ("x-envoy-retry-on", "retriable-status-codes"), ("x-envoy-retriable-status-codes", "404,418")),
             origin=[R(418), R()], listener="internal")
RETRIES.case("internal_retriable_header_names", get("/", ("x-envoy-retry-on", "retriable-headers"), ("x-envoy-retriable-header-names", "x-again")),
             origin=[R(200, [("x-again", "1")]), R()], listener="internal")
RETRIES.case("internal_grpc_header", post("/", MESSAGE, GRPC, ("x-envoy-retry-grpc-on", "unavailable")), protocol="h2", listener="internal",
             origin=[R(200, [GRPC, ("grpc-status", "14")], body=b""), R(200, [GRPC, ("grpc-status", "0")], body=b"")])
HINTS = b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n"
RETRIES.case("interim_then_503", get("/"), origin=[R(503, interim=[(103, [("link", "</x>")])]), R()], listener="interim")
RETRIES.case("interim_then_close", get("/"), origin=[R(raw=HINTS, close=True), R()], listener="interim")
RETRIES.case("interim_then_close_on_reused", get("/1"), get("/2"), origin=[R(), R(raw=HINTS, close=True), R()], listener="interim")
RETRIES.case("interim_then_per_try_timeout", get("/try"), origin=[R(raw=HINTS), R()], listener="interim")
RETRIES.case("interim_then_timeout", get("/short"), origin=[R(raw=HINTS), R()], listener="interim")
RETRIES.case("interim_in_second_try", get("/"), origin=[R(503), R(503, interim=[(103, [])]), R()], listener="interim")
RETRIES.case("interim_swallowed_then_503", get("/"), origin=[R(503, interim=[(100, [])]), R()], listener="swallowed")
RETRIES.case("external_headers_are_ignored", get("/", ("x-envoy-retry-on", "5xx"), ("x-envoy-max-retries", "2")), origin=[R(503), R()])

HEDGING = Feature("hedging", """
listeners:
  short:
    routes: [{match: {prefix: /}, route: {cluster: a, timeout: 0.5s, hedge_policy: {hedge_on_per_try_timeout: true}, retry_policy: {retry_on: 5xx, per_try_timeout: 0.1s, num_retries: 2}}}]
  hedged:
    routes: [{match: {prefix: /}, route: {cluster: a, timeout: 2s, hedge_policy: {hedge_on_per_try_timeout: true}, retry_policy: {retry_on: 5xx, per_try_timeout: 0.1s, num_retries: 2}}}]
""")
HEDGING.case("second_answers", get("/"), origin=lambda: in_turn(R(hang=True), R()), listener="hedged")
HEDGING.case("second_answers_post", post("/", b"body"), origin=lambda: in_turn(R(hang=True), R()), listener="hedged")
HEDGING.case("first_answers_late", get("/"), origin=lambda: in_turn(R(delay_s=0.16), R(hang=True)), listener="hedged")
HEDGING.case("first_fails_late", get("/"), origin=lambda: in_turn(R(503, delay_s=0.16), R(delay_s=0.08)), listener="hedged")
HEDGING.case("second_fails_first_answers", get("/"), origin=lambda: in_turn(R(delay_s=0.3), R(503), R(503)), listener="hedged")
HEDGING.case("all_fail", get("/"), origin=R(503), listener="hedged")
HEDGING.case("nobody_answers", get("/"), origin=R(hang=True), listener="short")
