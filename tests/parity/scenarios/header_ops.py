"""Header operations at every level, with every append action and the formatter."""
from tests.parity.feature import Feature, get, post
from tests.support.reply import Reply

OPS = Feature("header_ops", """
listeners:
  main:
    route_config:
      request_headers_to_add: [{header: {key: x-level, value: table}}, {header: {key: x-table, value: t}}]
      response_headers_to_add: [{header: {key: x-resp-level, value: table}}]
      request_headers_to_remove: [x-drop-table]
      response_headers_to_remove: [x-secret]
    vhosts:
    - name: v
      domains: ["*"]
      request_headers_to_add: [{header: {key: x-level, value: vhost}}]
      response_headers_to_add: [{header: {key: x-resp-level, value: vhost}}]
      request_headers_to_remove: [x-drop-vhost]
      routes: &routes
      - name: levels
        match: {path: /levels}
        route: {cluster: a}
        request_headers_to_add: [{header: {key: x-level, value: route}}]
        response_headers_to_add: [{header: {key: x-resp-level, value: route}}]
        request_headers_to_remove: [x-drop-route]
      - name: actions
        match: {path: /actions}
        route: {cluster: a}
        request_headers_to_add:
        - {header: {key: x-append, value: new}, append_action: APPEND_IF_EXISTS_OR_ADD}
        - {header: {key: x-absent, value: new}, append_action: ADD_IF_ABSENT}
        - {header: {key: x-over, value: new}, append_action: OVERWRITE_IF_EXISTS_OR_ADD}
        - {header: {key: x-only, value: new}, append_action: OVERWRITE_IF_EXISTS}
        - {header: {key: x-old-false, value: new}, append: false}
        - {header: {key: x-empty, value: ""}}
        - {header: {key: x-kept-empty, value: ""}, keep_empty_value: true}
        response_headers_to_add:
        - {header: {key: x-append, value: new}, append_action: APPEND_IF_EXISTS_OR_ADD}
        - {header: {key: x-absent, value: new}, append_action: ADD_IF_ABSENT}
        - {header: {key: x-over, value: new}, append_action: OVERWRITE_IF_EXISTS_OR_ADD}
        - {header: {key: x-only, value: new}, append_action: OVERWRITE_IF_EXISTS}
      - name: special
        match: {path: /special}
        route: {cluster: a}
        request_headers_to_add:
        - {header: {key: user-agent, value: mine}, append_action: OVERWRITE_IF_EXISTS_OR_ADD}
        - {header: {key: content-type, value: text/x}, append_action: ADD_IF_ABSENT}
        request_headers_to_remove: [x-forwarded-proto, accept]
      - name: add_remove
        match: {path: /addremove}
        route: {cluster: a}
        request_headers_to_add: [{header: {key: x-both, value: added}}]
        request_headers_to_remove: [x-both]
      - name: direct
        match: {path: /direct}
        direct_response: {status: 200}
        response_headers_to_add: [{header: {key: x-direct, value: "%RESPONSE_CODE%"}}]
  specific_wins:
    route_config:
      most_specific_header_mutations_wins: true
      request_headers_to_add: [{header: {key: x-level, value: table}, append_action: OVERWRITE_IF_EXISTS_OR_ADD}]
    vhosts:
    - name: v
      domains: ["*"]
      request_headers_to_add: [{header: {key: x-level, value: vhost}, append_action: OVERWRITE_IF_EXISTS_OR_ADD}]
      routes:
      - match: {prefix: /}
        route: {cluster: a}
        request_headers_to_add: [{header: {key: x-level, value: route}, append_action: OVERWRITE_IF_EXISTS_OR_ADD}]
""")
OPS.case("levels", get("/levels", ("x-drop-table", "1"), ("x-drop-vhost", "1"), ("x-drop-route", "1"), ("x-level", "client")),
         origin=Reply(headers=[("x-secret", "1"), ("x-resp-level", "origin")]))
OPS.case("append_actions_present", get("/actions", *[(f"x-{n}", "old") for n in ("append", "absent", "over", "only", "old-false", "empty")]),
         origin=Reply(headers=[(f"x-{n}", "old") for n in ("append", "absent", "over", "only")]))
OPS.case("append_actions_absent", get("/actions"))
OPS.case("append_actions_two_values", get("/actions", ("x-over", "1"), ("x-over", "2"), ("x-append", "1"), ("x-append", "2")))
OPS.case("special_headers", get("/special", ("user-agent", "ua"), ("accept", "*/*")))
OPS.case("add_and_remove_same", get("/addremove", ("x-both", "client")))
OPS.case("direct_response", get("/direct"))
OPS.case("most_specific_wins", get("/"), listener="specific_wins")
OPS.case("h2", get("/levels", ("x-level", "client")), protocol="h2")
OPS.case("local_reply_gets_response_headers", get("/levels"), origin=Reply(close_before=True))

FORMAT = Feature("formatters", """
listeners:
  main:
    routes:
    - name: fmt
      match: {prefix: /}
      metadata: {filter_metadata: {ns: {key: meta, nested: {deep: 7}}}}
      route: {cluster: a}
      request_headers_to_add:
      - {header: {key: f-req, value: "%REQ(x-in)%"}}
      - {header: {key: f-alt, value: "%REQ(x-none?x-in)%"}}
      - {header: {key: f-trunc, value: "%REQ(x-in):3%"}}
      - {header: {key: f-missing, value: "[%REQ(x-none)%]"}}
      - {header: {key: f-only-missing, value: "%REQ(x-none)%"}}
      - {header: {key: f-percent, value: "100%%"}}
      - {header: {key: f-proto, value: "%PROTOCOL%"}}
      - {header: {key: f-remote, value: "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%"}}
      - {header: {key: f-local, value: "%DOWNSTREAM_LOCAL_ADDRESS%"}}
      - {header: {key: f-local-port, value: ":%DOWNSTREAM_LOCAL_PORT%"}}
      - {header: {key: f-meta, value: "%METADATA(ROUTE:ns:key)%"}}
      - {header: {key: f-deep, value: "%METADATA(ROUTE:ns:nested:deep)%"}}
      - {header: {key: f-query, value: "%QUERY_PARAM(q)%"}}
      - {header: {key: f-path, value: "%PATH(NQ)%"}}
      - {header: {key: f-path-q, value: "%PATH(WQ)%"}}
      - {header: {key: f-route, value: "%ROUTE_NAME%"}}
      - {header: {key: f-cluster, value: "%UPSTREAM_CLUSTER%"}}
      - {header: {key: f-scheme, value: "%REQ(:SCHEME)%"}}
      - {header: {key: f-method, value: "%REQ(:METHOD)%/%REQ(:AUTHORITY)%"}}
      - {header: {key: f-vhost, value: "%VIRTUAL_CLUSTER_NAME%"}}
      - {header: {key: f-env, value: "%ENVIRONMENT(PROA_UNSET_VARIABLE)%"}}
      - {header: {key: f-dynamic, value: "%DYNAMIC_METADATA(ns:key)%"}}
      response_headers_to_add:
      - {header: {key: f-code, value: "%RESPONSE_CODE%"}}
      - {header: {key: f-details, value: "%RESPONSE_CODE_DETAILS%"}}
      - {header: {key: f-flags, value: "%RESPONSE_FLAGS%"}}
      - {header: {key: f-upstream, value: "%UPSTREAM_HOST%"}}
      - {header: {key: f-resp, value: "%RESP(x-out)%"}}
      - {header: {key: f-req, value: "%REQ(x-in)%"}}
      - {header: {key: f-attempts, value: "%UPSTREAM_REQUEST_ATTEMPT_COUNT%"}}
      - {header: {key: f-received, value: "%BYTES_RECEIVED%"}}
""")
FORMAT.case("all", get("/path?q=query&z=1", ("x-in", "abcdef")), origin=Reply(headers=[("x-out", "out")]))
FORMAT.case("missing", get("/"), origin=Reply(status=404))
FORMAT.case("post_h2", post("/p", b"12345", ("x-in", "1")), protocol="h2")
FORMAT.case("local_reply", get("/p"), origin=Reply(close_before=True))

LOGS = Feature("access_log_operators", r"""
listeners:
  main:
    routes: [{name: r, match: {prefix: /}, route: {cluster: a, prefix_rewrite: /new}, metadata: {filter_metadata: {ns: {k: v}}}}]
    hcm: &hcm
      access_log:
      - name: text
        typed_config:
          "@type": access_loggers.file.v3.FileAccessLog
          path: ${log.path}
          log_format:
            json_format:
              ROUTE: "%ROUTE_NAME%"
              req: "%REQ(x-in)%"
              req_two: "%REQ(x-in)%-%REQ(x-none)%"
              req_trunc: "%REQ(X-IN):2%"
              resp: "%RESP(x-out)%"
              trailer: "%TRAILER(x-t)%"
              code: "%RESPONSE_CODE%"
              quoted: "%RESPONSE_CODE% %PROTOCOL%"
              nested: {cluster: "%UPSTREAM_CLUSTER%", raw: "%UPSTREAM_CLUSTER_RAW%", list: ["%REQ(:METHOD)%", "literal", 7]}
              number: 5
              yes: true
              host: "%UPSTREAM_HOST%"
              host_only: "%UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%"
              local: "%DOWNSTREAM_LOCAL_ADDRESS%"
              local_wo: "%DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT%"
              path: "%PATH%"
              path_orig: "%PATH(NQ:ORIG)%"
              qp: "%QUERY_PARAM(q)%"
              without_query: "%REQ_WITHOUT_QUERY(:PATH)%"
              meta: "%METADATA(ROUTE:ns:k)%"
              dyn: "%DYNAMIC_METADATA(ns:k)%"
              grpc: "%GRPC_STATUS%"
              grpc_number: "%GRPC_STATUS_NUMBER%"
              reply: "%LOCAL_REPLY_BODY%"
              type: "%ACCESS_LOG_TYPE%"
              up_local: "%UPSTREAM_LOCAL_ADDRESS_WITHOUT_PORT%"
              up_proto: "%UPSTREAM_PROTOCOL%"
              failure: "%UPSTREAM_TRANSPORT_FAILURE_REASON%"
              ua: "%REQ(USER-AGENT)%"
              xff: "%REQ(X-FORWARDED-FOR)%"
              fs: "%FILTER_STATE(none)%"
              wire: "%DOWNSTREAM_WIRE_BYTES_RECEIVED%"
              up_wire_sent: "%UPSTREAM_WIRE_BYTES_RECEIVED%"
            formatters: [{name: f, typed_config: {"@type": formatter.req_without_query.v3.ReqWithoutQuery}}]
  omitting:
    hcm:
      access_log:
      - {name: j, typed_config: {"@type": access_loggers.file.v3.FileAccessLog, path: "${log.path}", log_format: {omit_empty_values: true, json_format: {ROUTE: "%ROUTE_NAME%", none: "%REQ(x-none)%", code: "%RESPONSE_CODE%", two: "%REQ(x-none)%-"}}}}
  text:
    hcm:
      access_log:
      - {name: j, typed_config: {"@type": access_loggers.file.v3.FileAccessLog, path: "${log.path}", log_format: {text_format_source: {inline_string: "{\"t\": \"%REQ(:METHOD)% %REQ(x-none)% %RESPONSE_CODE% %RESPONSE_FLAGS% %%\"}\n"}}}}
  filtered:
    hcm:
      access_log:
      - {name: j, filter: {status_code_filter: {comparison: {op: GE, value: {default_value: 400, runtime_key: none}}}}, typed_config: &file {"@type": access_loggers.file.v3.FileAccessLog, path: "${log.path}", log_format: {json_format: {why: status, code: "%RESPONSE_CODE%"}}}}
      - {name: j, filter: {header_filter: {header: {name: x-log, present_match: true}}}, typed_config: {"@type": access_loggers.file.v3.FileAccessLog, path: "${log.path}", log_format: {json_format: {why: header, code: "%RESPONSE_CODE%"}}}}
      - {name: j, filter: {response_flag_filter: {flags: [UF, UC]}}, typed_config: {"@type": access_loggers.file.v3.FileAccessLog, path: "${log.path}", log_format: {json_format: {why: flag, code: "%RESPONSE_CODE%"}}}}
      - {name: j, filter: {and_filter: {filters: [{status_code_filter: {comparison: {op: EQ, value: {default_value: 200, runtime_key: none}}}}, {header_filter: {header: {name: x-and, string_match: {exact: "1"}}}}]}}, typed_config: {"@type": access_loggers.file.v3.FileAccessLog, path: "${log.path}", log_format: {json_format: {why: and, code: "%RESPONSE_CODE%"}}}}
      - {name: j, filter: {or_filter: {filters: [{not_health_check_filter: {}}, {header_filter: {header: {name: x-or, present_match: true}}}]}}, typed_config: {"@type": access_loggers.file.v3.FileAccessLog, path: "${log.path}", log_format: {json_format: {why: or, code: "%RESPONSE_CODE%"}}}}
      - {name: j, filter: {grpc_status_filter: {statuses: [UNAVAILABLE]}}, typed_config: {"@type": access_loggers.file.v3.FileAccessLog, path: "${log.path}", log_format: {json_format: {why: grpc, code: "%GRPC_STATUS%"}}}}
      - {name: j, filter: {runtime_filter: {runtime_key: none, percent_sampled: {numerator: 0}}}, typed_config: {"@type": access_loggers.file.v3.FileAccessLog, path: "${log.path}", log_format: {json_format: {why: never}}}}
""")
LOGS.case("operators", get("/p?q=1", ("x-in", "abc"), ("user-agent", "u\"a\\")),
          origin=Reply(headers=[("x-out", "o")], trailers=[("x-t", "tr")]), ignore=("*wire*",))
LOGS.case("operators_missing", get("/"), ignore=("*wire*",))
LOGS.case("operators_local_reply", get("/"), origin=Reply(close_before=True), ignore=("*wire*",))
LOGS.case("json_escapes", get("/%22", ("x-in", "tab\there \x80\xff é")), ignore=("*wire*",))
LOGS.case("operators_h2", post("/p?q", b"body", ("x-in", "2")), protocol="h2", ignore=("*wire*",))
LOGS.case("omit_empty", get("/"), listener="omitting")
LOGS.case("text_format", get("/"), listener="text")
for name, headers, reply, count in [
    ("status", [], Reply(status=404), 2), ("status_below", [], Reply(), 1), ("header", [("x-log", "1")], Reply(), 2),
    ("flag", [], Reply(close_before=True), 3), ("and", [("x-and", "1")], Reply(), 2),
]:
    LOGS.case(f"filter_{name}", get("/", *headers), origin=reply, listener="filtered", logs=count)
LOGS.case("filter_grpc_status", post("/s/m", b"\0\0\0\0\0", ("content-type", "application/grpc")), protocol="h2",
          origin=Reply(close_before=True), listener="filtered", logs=3)

BYTES = Feature("header_bytes", """
listeners:
  main:
    hcm:
      access_log:
      - {name: j, typed_config: {"@type": access_loggers.file.v3.FileAccessLog, path: "${log.path}", log_format: {json_format: {ROUTE: "%ROUTE_NAME%", header_bytes: "%DOWNSTREAM_HEADER_BYTES_RECEIVED%"}}}}
""")
BYTES.case("received", get("/"))
