"""Answers that the proxy makes itself, their mapping, gRPC's form of them, internal redirects, mirrors."""
from tests.parity.feature import Feature, get, post, request
from tests.support.deadline import wait_for
from tests.support.reply import Reply, by_path

R = Reply
GRPC = ("content-type", "application/grpc")
MESSAGE = b"\0\0\0\0\0"

LOCAL = Feature("local_reply", """
listeners:
  main:
    routes:
    - {name: dead, match: {prefix: /dead}, route: {cluster: refused}}
    - {name: missing, match: {prefix: /missing}, route: {cluster: nobody}}
    - {name: direct, match: {prefix: /direct}, direct_response: {status: 403, body: {inline_string: original}}}
    - {name: a, match: {prefix: /a}, route: {cluster: a}}
    route_config: {validate_clusters: false}
    hcm:
      local_reply_config:
        body_format: {text_format_source: {inline_string: "<%LOCAL_REPLY_BODY%|%RESPONSE_CODE%|%RESPONSE_FLAGS%>"}, content_type: "text/html; charset=UTF-8"}
        mappers:
        - filter: {response_flag_filter: {flags: [NC]}}
          status_code: 500
          body: {inline_string: "no cluster"}
          headers_to_add: [{header: {key: x-mapped, value: nc}, append_action: OVERWRITE_IF_EXISTS_OR_ADD}]
        - filter: {header_filter: {header: {name: x-json, present_match: true}}}
          body_format_override: {json_format: {code: "%RESPONSE_CODE%", body: "%LOCAL_REPLY_BODY%", path: "%REQ(:PATH)%"}}
        - filter: {status_code_filter: {comparison: {op: EQ, value: {default_value: 404, runtime_key: none}}}}
          status_code: 410
  plain:
    routes:
    - {name: dead, match: {prefix: /dead}, route: {cluster: refused}}
clusters:
  refused: {}
""")
LOCAL.case("mapped_by_flag", get("/missing"))
LOCAL.case("formatted", get("/dead"))
LOCAL.case("json_override", get("/dead", ("x-json", "1")))
LOCAL.case("status_mapped", get("/nothing"))
LOCAL.case("direct_response_is_formatted_or_not", get("/direct"))
LOCAL.case("upstream_404_is_untouched", get("/a"), origin=R(404, body=b"mine"))
LOCAL.case("head", request("HEAD", "/dead"))
LOCAL.case("grpc", post("/dead", MESSAGE, GRPC), protocol="h2")
LOCAL.case("grpc_mapped_status", post("/nothing", MESSAGE, GRPC), protocol="h2")
LOCAL.case("codec_error", get(raw=b"BAD\r\n\r\n"), logs=1)
LOCAL.case("headers_too_large", get("/", ("x", "v" * 70_000)))
LOCAL.case("unmapped", get("/dead"), listener="plain")
LOCAL.case("unmapped_h2", get("/dead"), listener="plain", protocol="h2")

MAP = Feature("grpc_errors", """
listeners:
  main:
    routes:
    - {match: {prefix: /direct400}, direct_response: {status: 400, body: {inline_string: "bad (400) %"}}}
    - {match: {prefix: /direct401}, direct_response: {status: 401}}
    - {match: {prefix: /direct403}, direct_response: {status: 403}}
    - {match: {prefix: /direct404}, direct_response: {status: 404}}
    - {match: {prefix: /direct429}, direct_response: {status: 429, body: {inline_string: "slow down, é"}}}
    - {match: {prefix: /direct500}, direct_response: {status: 500}}
    - {match: {prefix: /direct502}, direct_response: {status: 502}}
    - {match: {prefix: /direct503}, direct_response: {status: 503}}
    - {match: {prefix: /direct504}, direct_response: {status: 504}}
    - {match: {prefix: /direct302}, redirect: {path_redirect: /x}}
    - {match: {prefix: /h2}, route: {cluster: h2}}
    - {match: {prefix: /dead}, route: {cluster: refused}}
    - {match: {prefix: /up}, route: {cluster: a}}
clusters:
  h2: {endpoints: [a], protocol: h2}
  refused: {}
""")
for code in (302, 400, 401, 403, 404, 429, 500, 502, 503, 504):
    MAP.case(f"direct_{code}", post(f"/direct{code}", MESSAGE, GRPC), protocol="h2")
MAP.case("over_http1", post("/direct503", MESSAGE, GRPC))
MAP.case("no_route", post("/none", MESSAGE, GRPC), protocol="h2")
MAP.case("refused", post("/dead", MESSAGE, GRPC), protocol="h2")
for code in (200, 401, 404, 503):
    MAP.case(f"upstream_http_{code}", post("/up", MESSAGE, GRPC), protocol="h2", origin=R(code, body=b"text"))
MAP.case("ok_with_trailers", post("/h2", MESSAGE, GRPC), protocol="h2", origin=R(200, [GRPC], body=MESSAGE, trailers=[("grpc-status", "0"), ("grpc-message", "")]))
MAP.case("error_in_trailers", post("/h2", MESSAGE, GRPC), protocol="h2", origin=R(200, [GRPC], body=MESSAGE, trailers=[("grpc-status", "13"), ("grpc-message", "a%20b")]))
MAP.case("trailers_only", post("/h2", MESSAGE, GRPC), protocol="h2", origin=R(200, [GRPC, ("grpc-status", "5")], body=b""))
for name, timeout in (("after_its_deadline", "20m"), ("within_its_deadline", "60S")):
    MAP.case(f"upstream_resets_{name}", post("/h2", MESSAGE, GRPC, ("grpc-timeout", timeout)), protocol="h2", origin=R(delay_s=0.1, reset_before=True, reset_code=8))
MAP.case("reset_mid_stream", post("/h2", MESSAGE, GRPC), protocol="h2", origin=R(200, [GRPC], body=MESSAGE * 3, reset_after=5))

REDIRECT = Feature("internal_redirect", """
listeners:
  main:
    routes:
    - {name: start, match: {path: /start}, route: {cluster: a, internal_redirect_policy: {max_internal_redirects: 2, redirect_response_codes: [301, 302, 303, 307, 308], response_headers_to_copy: [x-copy]}}}
    - {name: once, match: {path: /once}, route: {cluster: a, internal_redirect_policy: {}}}
    - {name: none, match: {path: /none}, route: {cluster: a}}
    - {name: previous, match: {path: /previous}, route: {cluster: a, internal_redirect_policy: {max_internal_redirects: 5, predicates: [{name: p, typed_config: {"@type": internal_redirect.previous_routes.v3.PreviousRoutesConfig}}]}}}
    - {name: target, match: {path: /target}, route: {cluster: b}}
    - {name: direct, match: {path: /direct}, direct_response: {status: 200, body: {inline_string: direct}}}
clusters:
  b: {}
""")


def to(path: str, location: str, status: int = 302, **more: object):
    """A script: `path` answers with a redirect, everything else plainly."""
    headers = [("location", location), ("x-copy", "copied"), ("x-not", "not")]
    return lambda: by_path({path: R(status, headers, body=b"moved", **more)})


for name, target, location, status in [
    ("followed", "/start", "http://host.test/target?q=1", 302), ("relative", "/start", "/target", 302), ("other_host", "/start", "http://elsewhere.test/target", 302),
    ("code_303_becomes_get", "/start", "http://host.test/target", 303), ("code_307", "/start", "http://host.test/target", 307),
    ("loop", "/start", "http://host.test/start", 302), ("default_codes_once", "/once", "http://host.test/target", 302),
    ("default_codes_not_301", "/once", "http://host.test/target", 301), ("no_policy", "/none", "http://host.test/target", 302),
    ("cross_scheme", "/start", "https://host.test/target", 302), ("no_such_route", "/start", "http://host.test/nowhere", 302),
    ("to_direct_response", "/start", "http://host.test/direct", 302), ("invalid_location", "/start", "not a url", 302),
    ("previous_route_refused", "/previous", "http://host.test/previous", 302), ("no_location", "/start", "", 302),
]:
    REDIRECT.case(name, get(target), origin=to(target, location, status))
    REDIRECT.case(f"{name}_post", post(target, b"body"), origin=to(target, location, status))


def mirrored(world, *requests):
    """Sends through /; waits until the mirror has its copy, which may come after the answer."""
    from tests.parity.observe import describe, send
    from tests.support.client_h1 import Http1Client
    seen = {}
    with Http1Client(world.dial("main")) as client:
        for index, one in enumerate(requests):
            seen |= {f"client[{index}].{k}": v for k, v in describe(world, send(world, client, one), True).items()}
    wait_for(lambda: len([r for r in world.received() if r.complete]) >= 2, "the mirrored request")
    return seen


MIRROR = Feature("mirror", """
listeners:
  main:
    routes:
    - {match: {prefix: /plain}, route: {cluster: a, request_mirror_policies: [{cluster: b}]}}
    - {match: {prefix: /nosuffix}, route: {cluster: a, request_mirror_policies: [{cluster: b, disable_shadow_host_suffix_append: true}]}}
    - {match: {prefix: /never}, route: {cluster: a, request_mirror_policies: [{cluster: b, runtime_fraction: {default_value: {numerator: 0}}}]}}
    - {match: {prefix: /header}, route: {cluster: a, request_mirror_policies: [{cluster_header: x-mirror}]}}
    - {match: {prefix: /missing}, route: {cluster: a, request_mirror_policies: [{cluster: nobody}]}}
    - {match: {prefix: /rewrite}, route: {cluster: a, prefix_rewrite: /new, request_mirror_policies: [{cluster: b}]}}
    - {match: {prefix: /host}, route: {cluster: a, request_mirror_policies: [{cluster: b, host_rewrite_literal: other.test}]}}
    - match: {prefix: /changed}
      route:
        cluster: a
        request_mirror_policies:
        - cluster: b
          request_headers_mutations:
          - {remove: x-gone}
          - {append: {header: {key: x-mirrored, value: "%PROTOCOL%"}, append_action: APPEND_IF_EXISTS_OR_ADD}}
          - {append: {header: {key: x-a, value: two}, append_action: OVERWRITE_IF_EXISTS}}
    route_config: {validate_clusters: false}
clusters:
  b: {}
""")
MIRROR.case("get", flow=lambda w: mirrored(w, get("/plain/x", ("x-a", "1"))), logs=1)
MIRROR.case("host_with_port", flow=lambda w: mirrored(w, get("/plain/x", host="host.test:8080")), logs=1)
MIRROR.case("post_body", flow=lambda w: mirrored(w, post("/plain", b"m" * 5000)), logs=1)
MIRROR.case("no_suffix", flow=lambda w: mirrored(w, get("/nosuffix")), logs=1)
MIRROR.case("rewritten", flow=lambda w: mirrored(w, get("/rewrite/x")), logs=1)
MIRROR.case("host_rewritten", flow=lambda w: mirrored(w, get("/host/x")), logs=1)
MIRROR.case("headers_changed", flow=lambda w: mirrored(w, get("/changed", ("x-gone", "1"), ("x-a", "one"))), logs=1)
MIRROR.case("by_header", flow=lambda w: mirrored(w, get("/header", ("x-mirror", "b"))), logs=1)
MIRROR.case("never", get("/never"))
MIRROR.case("missing_cluster", get("/missing"))
