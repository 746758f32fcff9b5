"""What a route does with a request: redirect, answer itself, rewrite, choose a cluster."""
from tests.parity.feature import Feature, get, request

REDIRECT = Feature("redirects", """
listeners:
  main:
    routes:
    - {name: host, match: {prefix: /host}, redirect: {host_redirect: other.test}}
    - {name: https, match: {prefix: /https}, redirect: {https_redirect: true}}
    - {name: scheme, match: {prefix: /scheme}, redirect: {scheme_redirect: ftp}}
    - {name: port, match: {prefix: /port}, redirect: {port_redirect: 8443}}
    - {name: https_port, match: {prefix: /hport}, redirect: {https_redirect: true, port_redirect: 443}}
    - {name: path, match: {prefix: /path}, redirect: {path_redirect: /new, response_code: FOUND}}
    - {name: path_query, match: {prefix: /pq}, redirect: {path_redirect: "/new?a=b"}}
    - {name: prefix, match: {prefix: /prefix}, redirect: {prefix_rewrite: /new, response_code: TEMPORARY_REDIRECT}}
    - {name: prefix_query, match: {prefix: /stripq}, redirect: {prefix_rewrite: /new, strip_query: true, response_code: SEE_OTHER}}
    - {name: regex, match: {prefix: /regex}, redirect: {regex_rewrite: {pattern: {regex: "^/regex/(.*)$"}, substitution: "/\\\\1/x"}, response_code: PERMANENT_REDIRECT}}
    - name: headers
      match: {prefix: /headers}
      redirect: {host_redirect: other.test}
      response_headers_to_add: [{header: {key: x-redirected, value: "yes"}}]
""")
for name, target, host in [
    ("host", "/host/x?q=1", "h.test"), ("host_drops_port", "/host", "h.test:8080"), ("https", "/https?q", "h.test"),
    ("https_default_port_dropped", "/https", "h.test:80"), ("https_keeps_odd_port", "/https", "h.test:8080"), ("scheme", "/scheme", "h.test"),
    ("port", "/port", "h.test"), ("port_replaced", "/port", "h.test:1"), ("https_port", "/hport", "h.test"), ("path", "/path/x?q=1", "h.test"),
    ("path_with_query", "/pq?old=1", "h.test"), ("prefix", "/prefix/x?q=1", "h.test"), ("prefix_strip_query", "/stripq/x?q=1", "h.test"),
    ("regex", "/regex/a/b?q=1", "h.test"), ("with_headers", "/headers", "h.test"),
]:
    REDIRECT.case(name, get(target, host=host))
REDIRECT.case("h2", get("/path"), protocol="h2")
REDIRECT.case("head", request("HEAD", "/path"))

DIRECT = Feature("direct_response", """
listeners:
  main:
    routes:
    - {name: plain, match: {path: /plain}, direct_response: {status: 200, body: {inline_string: "hello"}}}
    - {name: empty, match: {path: /empty}, direct_response: {status: 404}}
    - {name: teapot, match: {path: /teapot}, direct_response: {status: 418, body: {inline_string: "{}"}}, response_headers_to_add: [{header: {key: content-type, value: application/json}, append_action: OVERWRITE_IF_EXISTS_OR_ADD}]}
    - name: format
      match: {path: /format}
      direct_response:
        status: 200
        body_format: {text_format_source: {inline_string: "%REQ(x-in)% %RESPONSE_CODE% %PROTOCOL%"}}
    - name: json_format
      match: {path: /json}
      direct_response: {status: 200, body_format: {json_format: {path: "%REQ(:PATH)%", code: "%RESPONSE_CODE%"}}}
    - name: file
      match: {path: /nocontent}
      direct_response: {status: 204}
""")
for name, target in {"plain": "/plain", "empty": "/empty", "content_type": "/teapot", "json_format": "/json", "no_content": "/nocontent"}.items():
    DIRECT.case(name, get(target))
DIRECT.case("format", get("/format", ("x-in", "value")))
DIRECT.case("format_missing", get("/format"))
DIRECT.case("head", request("HEAD", "/plain"))
DIRECT.case("h2", get("/plain"), protocol="h2")
DIRECT.case("post_body_is_read", request("POST", "/plain", body=b"x" * 1000), get("/plain"))
DIRECT.case("grpc_request", request("POST", "/empty", ("content-type", "application/grpc"), body=b"\0\0\0\0\0"))
DIRECT.case("grpc_request_ok_status", request("POST", "/plain", ("content-type", "application/grpc"), body=b"\0\0\0\0\0"), protocol="h2")

REWRITE = Feature("rewrites", """
listeners:
  main:
    routes:
    - {name: prefix, match: {prefix: /old/}, route: {cluster: a, prefix_rewrite: /new/}}
    - {name: prefix_to_root, match: {prefix: /strip/}, route: {cluster: a, prefix_rewrite: /}}
    - {name: exact, match: {path: /exact}, route: {cluster: a, prefix_rewrite: /replaced}}
    - {name: regex, match: {prefix: /re/}, route: {cluster: a, regex_rewrite: {pattern: {regex: "/re/([^/]+)/([^/]+)"}, substitution: "/\\\\2/\\\\1"}}}
    - {name: regex_all, match: {prefix: /all/}, route: {cluster: a, regex_rewrite: {pattern: {regex: "a"}, substitution: "bb"}}}
    - name: template
      match: {path_match_policy: {name: t, typed_config: {"@type": path.match.uri_template.v3.UriTemplateMatchConfig, path_template: "/tpl/{x}/{y=**}"}}}
      route: {cluster: a, path_rewrite_policy: {name: r, typed_config: {"@type": path.rewrite.uri_template.v3.UriTemplateRewriteConfig, path_template_rewrite: "/{y}/{x}"}}}
    - {name: host, match: {prefix: /host}, route: {cluster: a, host_rewrite_literal: new.test}}
    - {name: auto, match: {prefix: /auto}, route: {cluster: named, auto_host_rewrite: true}}
    - {name: from_header, match: {prefix: /fromheader}, route: {cluster: a, host_rewrite_header: x-host}}
    - {name: from_path, match: {prefix: /frompath}, route: {cluster: a, host_rewrite_path_regex: {pattern: {regex: "^/frompath/([^/]+).*$"}, substitution: "\\\\1.test"}}}
    - {name: append, match: {prefix: /append}, route: {cluster: a, host_rewrite_literal: new.test, append_x_forwarded_host: true}}
    - {name: nocase, match: {prefix: /NoCase, case_sensitive: false}, route: {cluster: a, prefix_rewrite: /x}}
    - {name: separated, match: {path_separated_prefix: /sep}, route: {cluster: a, prefix_rewrite: /}}
clusters:
  named: {endpoints: [{at: a, endpoint: {hostname: endpoint.test}}]}
""")
for name, target, headers in [
    ("prefix", "/old/x?q=1", []), ("prefix_to_root", "/strip/x/y", []), ("exact", "/exact?q", []), ("regex", "/re/one/two?q=/re/a/b", []),
    ("regex_replaces_all", "/all/banana", []), ("template", "/tpl/1/2/3?q=1", []), ("host", "/host", []), ("auto_host", "/auto", []),
    ("host_from_header", "/fromheader", [("x-host", "given.test")]), ("host_from_missing_header", "/fromheader", []),
    ("host_from_path", "/frompath/abc/d", []), ("append_forwarded_host", "/append", []),
    ("append_forwarded_host_again", "/append", [("x-forwarded-host", "before.test")]), ("prefix_nocase", "/NOCASE/Y", []),
    ("separated_self", "/sep", []), ("separated_below", "/sep/x", []), ("client_original_path_is_replaced", "/old/x", [("x-envoy-original-path", "/evil")]),
]:
    REWRITE.case(name, get(target, *headers))

CLUSTERS = Feature("cluster_choice", """
listeners:
  main:
    routes:
    - {name: by_header, match: {prefix: /header}, route: {cluster_header: x-cluster}}
    - {name: missing, match: {prefix: /missing}, route: {cluster: nobody}}
    - {name: missing_404, match: {prefix: /m404}, route: {cluster: nobody, cluster_not_found_response_code: NOT_FOUND}}
    - {name: missing_500, match: {prefix: /m500}, route: {cluster: nobody, cluster_not_found_response_code: INTERNAL_SERVER_ERROR}}
    - name: weighted_all_b
      match: {prefix: /allb}
      route: {weighted_clusters: {clusters: [{name: a, weight: 0}, {name: b, weight: 100}]}}
    - name: weighted_ops
      match: {prefix: /ops}
      route:
        weighted_clusters:
          clusters:
          - name: b
            weight: 1
            host_rewrite_literal: weighted.test
            request_headers_to_add: [{header: {key: x-weighted, value: b}}]
            request_headers_to_remove: [x-drop]
            response_headers_to_add: [{header: {key: x-from, value: weighted}}]
    - name: weighted_header
      match: {prefix: /random}
      route: {weighted_clusters: {header_name: x-random, clusters: [{name: a, weight: 30}, {name: b, weight: 70}]}}
    - {name: empty, match: {prefix: /empty}, route: {cluster: empty}}
    - {name: refused, match: {prefix: /refused}, route: {cluster: refused}}
    route_config: {validate_clusters: false}
clusters:
  b: {}
  empty: {endpoints: []}
  refused: {}
""")
for name, target, headers in [
    ("by_header", "/header", [("x-cluster", "b")]), ("by_header_missing", "/header", []), ("by_header_unknown", "/header", [("x-cluster", "zzz")]),
    ("not_found", "/missing", []), ("not_found_404", "/m404", []), ("not_found_500", "/m500", []), ("weight_zero_never", "/allb", []),
    ("weighted_operations", "/ops", [("x-drop", "1"), ("x-keep", "1")]), ("weighted_by_header_low", "/random", [("x-random", "29")]),
    ("weighted_by_header_high", "/random", [("x-random", "30")]), ("weighted_by_header_wraps", "/random", [("x-random", "129")]),
    ("empty_cluster", "/empty", []), ("connection_refused", "/refused", []),
]:
    CLUSTERS.case(name, get(target, *headers))
CLUSTERS.case("empty_cluster_grpc", request("POST", "/empty", ("content-type", "application/grpc"), body=b"\0\0\0\0\0"), protocol="h2")
CLUSTERS.case("not_found_body_drained", request("POST", "/missing", body=b"b" * 5000), get("/allb"))
