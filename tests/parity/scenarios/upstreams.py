"""Which host gets the request: balancing, subsets, priorities, health, outliers, breakers."""
from tests.parity.feature import Feature, get
from tests.support.client_h1 import Http1Client, encode
from tests.support.client_h2 import Http2Client
from tests.support.deadline import wait_for
from tests.support.reply import Reply, by_origin

R = Reply


def spread(listener: str, targets: list[str], headers: list = ()):
    """How many requests each origin got; for policies whose order is free."""
    def flow(world):
        with Http1Client(world.dial(listener)) as client:
            for target in targets:
                client.request("GET", target, [("host", "h"), *headers])
        counts = {name: len(origin.requests) for name, origin in world.origins.items()}
        for origin in world.origins.values():
            origin.requests = []
        return {f"count.{name}": count for name, count in counts.items()}
    return flow


def keyed(*names: str) -> str:
    """Endpoints whose place on a hash ring is their name, not their port."""
    return "[" + ", ".join("{at: %s, metadata: {filter_metadata: {envoy.lb: {hash_key: %s}}}}" % (n, n) for n in names) + "]"


HASH = Feature("hashing", f"""
listeners:
  ring: &l
    routes: &r
    - {{match: {{prefix: /header}}, route: {{cluster: ring, hash_policy: [{{header: {{header_name: x-key}}}}]}}}}
    - {{match: {{prefix: /cookie}}, route: {{cluster: ring, hash_policy: [{{cookie: {{name: c}}}}]}}}}
    - {{match: {{prefix: /ttl}}, route: {{cluster: ring, hash_policy: [{{cookie: {{name: c, ttl: 60s, path: /p}}}}]}}}}
    - {{match: {{prefix: /session}}, route: {{cluster: ring, hash_policy: [{{cookie: {{name: c, ttl: 0s, attributes: [{{name: SameSite, value: Strict}}]}}}}]}}}}
    - {{match: {{prefix: /query}}, route: {{cluster: ring, hash_policy: [{{query_parameter: {{name: q}}}}]}}}}
    - {{match: {{prefix: /ip}}, route: {{cluster: ring, hash_policy: [{{connection_properties: {{source_ip: true}}}}]}}}}
    - {{match: {{prefix: /both}}, route: {{cluster: ring, hash_policy: [{{header: {{header_name: x-key}}}}, {{query_parameter: {{name: q}}}}]}}}}
    - {{match: {{prefix: /terminal}}, route: {{cluster: ring, hash_policy: [{{header: {{header_name: x-key}}, terminal: true}}, {{query_parameter: {{name: q}}}}]}}}}
    - {{match: {{prefix: /regex}}, route: {{cluster: ring, hash_policy: [{{header: {{header_name: x-key, regex_rewrite: {{pattern: {{regex: "^(.)(.*)$"}}, substitution: "\\\\1"}}}}}}]}}}}
    - {{match: {{prefix: /maglev}}, route: {{cluster: maglev, hash_policy: [{{header: {{header_name: x-key}}}}]}}}}
    - {{match: {{prefix: /murmur}}, route: {{cluster: murmur, hash_policy: [{{header: {{header_name: x-key}}}}]}}}}
clusters:
  ring: {{endpoints: {keyed("a", "b", "c")}, lb_policy: RING_HASH}}
  murmur: {{endpoints: {keyed("a", "b", "c")}, lb_policy: RING_HASH, ring_hash_lb_config: {{hash_function: MURMUR_HASH_2, minimum_ring_size: 100}}}}
  maglev: {{endpoints: {keyed("a", "b", "c")}, lb_policy: MAGLEV, maglev_lb_config: {{table_size: 251}}}}
""")
for path in ("header", "maglev", "murmur", "regex"):
    for key in ("alpha", "beta", "gamma", "delta", "epsilon", "zeta"):
        HASH.case(f"{path}_{key}", get(f"/{path}", ("x-key", key)), listener="ring")
HASH.case("cookie", get("/cookie", ("cookie", "a=1; c=xyz")), listener="ring")
for value in ("1", "2", "3"):
    HASH.case(f"query_{value}", get(f"/query?q={value}"), listener="ring")
    HASH.case(f"both_{value}", get(f"/both?q={value}", ("x-key", "k")), listener="ring")
    HASH.case(f"terminal_{value}", get(f"/terminal?q={value}", ("x-key", "k")), listener="ring")
HASH.case("source_ip", get("/ip"), listener="ring")
HASH.case("source_ip_other", get("/ip"), listener="ring", dial={"source": "127.0.0.77"})
HASH.case("two_values", get("/header", ("x-key", "a"), ("x-key", "b")), listener="ring")
HASH.case("cookie_made", get("/ttl"), listener="ring", ignore=("*set-cookie", "*where", "*UPSTREAM", "client[0].body", "stat.*"))
HASH.case("cookie_kept", get("/ttl", ("cookie", "c=given")), listener="ring")
HASH.case("session_cookie_kept", get("/session", ("cookie", "c=given")), listener="ring")

BALANCE = Feature("balancing", """
listeners:
  main:
    routes:
    - {match: {prefix: /rr}, route: {cluster: rr}}
    - {match: {prefix: /weighted}, route: {cluster: weighted}}
    - {match: {prefix: /least}, route: {cluster: least}}
    - {match: {prefix: /typed}, route: {cluster: typed}}
    - {match: {prefix: /one}, route: {cluster: one}}
    - {match: {prefix: /dns}, route: {cluster: dns}}
    - {match: {prefix: /logical}, route: {cluster: logical}}
    - {match: {prefix: /subset_v1}, route: {cluster: subset, metadata_match: {filter_metadata: {envoy.lb: {version: v1}}}}}
    - {match: {prefix: /subset_v2}, route: {cluster: subset, metadata_match: {filter_metadata: {envoy.lb: {version: v2}}}}}
    - {match: {prefix: /subset_none}, route: {cluster: subset, metadata_match: {filter_metadata: {envoy.lb: {version: v9}}}}}
    - {match: {prefix: /subset_any}, route: {cluster: subset_any, metadata_match: {filter_metadata: {envoy.lb: {version: v9}}}}}
    - {match: {prefix: /subset_default}, route: {cluster: subset_default, metadata_match: {filter_metadata: {envoy.lb: {version: v9}}}}}
    - {match: {prefix: /unhealthy}, route: {cluster: unhealthy}}
    - {match: {prefix: /panic}, route: {cluster: panic}}
    - {match: {prefix: /nopanic}, route: {cluster: nopanic}}
    - {match: {prefix: /failpanic}, route: {cluster: failpanic}}
    - {match: {prefix: /draining}, route: {cluster: draining}}
    - {match: {prefix: /degraded}, route: {cluster: degraded}}
    - {match: {prefix: /priority}, route: {cluster: priority}}
    - {match: {prefix: /spill}, route: {cluster: spill}}
    - {match: {prefix: /locality}, route: {cluster: locality}}
clusters:
  b: {}
  rr: {endpoints: [a, b, c]}
  weighted: {endpoints: [{at: a, load_balancing_weight: 3}, {at: b, load_balancing_weight: 1}]}
  least: {endpoints: [a, b], lb_policy: LEAST_REQUEST}
  one: {endpoints: [b], lb_policy: RANDOM}
  typed: {endpoints: [a, b], load_balancing_policy: {policies: [{typed_extension_config: {name: x, typed_config: {"@type": load_balancing_policies.round_robin.v3.RoundRobin}}}]}}
  dns: {type: STRICT_DNS, dns_lookup_family: V4_ONLY, endpoints: [{at: a, endpoint: {address: {socket_address: {address: localhost, port_value: "${a.port}"}}}}]}
  logical: {type: LOGICAL_DNS, dns_lookup_family: V4_ONLY, endpoints: [{at: a, endpoint: {address: {socket_address: {address: localhost, port_value: "${a.port}"}}}}]}
  subset: &subset
    endpoints: [{at: a, metadata: {filter_metadata: {envoy.lb: {version: v1}}}}, {at: b, metadata: {filter_metadata: {envoy.lb: {version: v2}}}}]
    lb_subset_config: {fallback_policy: NO_FALLBACK, subset_selectors: [{keys: [version]}]}
  subset_any:
    endpoints: [{at: a, metadata: {filter_metadata: {envoy.lb: {version: v1}}}}]
    lb_subset_config: {fallback_policy: ANY_ENDPOINT, subset_selectors: [{keys: [version]}]}
  subset_default:
    endpoints: [{at: a, metadata: {filter_metadata: {envoy.lb: {version: v1}}}}, {at: b, metadata: {filter_metadata: {envoy.lb: {version: v2}}}}]
    lb_subset_config: {fallback_policy: DEFAULT_SUBSET, default_subset: {version: v2}, subset_selectors: [{keys: [version]}]}
  unhealthy: {endpoints: [{at: a, health_status: UNHEALTHY}, b, c]}
  panic: {endpoints: [{at: a, health_status: UNHEALTHY}, {at: b, health_status: UNHEALTHY}]}
  nopanic: {endpoints: [{at: a, health_status: UNHEALTHY}, {at: b, health_status: UNHEALTHY}], common_lb_config: {healthy_panic_threshold: {value: 0}}}
  failpanic: {endpoints: [{at: a, health_status: UNHEALTHY}, {at: b, health_status: UNHEALTHY}], common_lb_config: {zone_aware_lb_config: {fail_traffic_on_panic: true}}}
  draining: {endpoints: [{at: a, health_status: DRAINING}, {at: b, health_status: HEALTHY}, {at: c, health_status: TIMEOUT}], common_lb_config: {healthy_panic_threshold: {value: 0}}}
  degraded: {endpoints: [{at: a, health_status: DEGRADED}, b, b, b, c], common_lb_config: {healthy_panic_threshold: {value: 0}}}
  priority: {load_assignment: {cluster_name: priority, endpoints: [{priority: 0, lb_endpoints: [{endpoint: &ea {address: {socket_address: {address: 127.0.0.1, port_value: "${a.port}"}}}}]}, {priority: 1, lb_endpoints: [{endpoint: &eb {address: {socket_address: {address: 127.0.0.1, port_value: "${b.port}"}}}}]}]}, endpoints: []}
  spill: {load_assignment: {cluster_name: spill, endpoints: [{priority: 0, lb_endpoints: [{endpoint: *ea, health_status: UNHEALTHY}]}, {priority: 1, lb_endpoints: [{endpoint: *eb}]}]}, endpoints: []}
  locality: {common_lb_config: {locality_weighted_lb_config: {}}, load_assignment: {cluster_name: locality, endpoints: [{locality: {zone: z1}, load_balancing_weight: 1, lb_endpoints: [{endpoint: *ea}]}, {locality: {zone: z2}, load_balancing_weight: 3, lb_endpoints: [{endpoint: *eb}]}]}, endpoints: []}
""")
for name, count in {"rr": 9, "weighted": 8, "typed": 4, "one": 3, "unhealthy": 4, "draining": 4, "degraded": 4, "priority": 4, "spill": 4, "locality": 8,
                    "panic": 4}.items():
    BALANCE.case(f"spread_{name}", flow=spread("main", [f"/{name}"] * count), logs=count, ignore=("log[*].UPSTREAM",))
for name in ("least", "dns", "logical", "subset_v1", "subset_v2", "subset_none", "subset_any", "subset_default", "nopanic", "failpanic"):
    BALANCE.case(name, get(f"/{name}"), ignore=("log[0].UPSTREAM", "*where", "client[0].body") if name == "least" else ())


def at_once(target: str, listener: str, count: int):
    """`count` h2 streams while the origin hangs: the last ones meet the breaker."""
    def flow(world):
        with Http2Client(world.dial(listener)) as client:
            streams = [client.start("GET", target)]
            wait_for(world.received, "the first request at the origin")
            streams += [client.start("GET", target) for _ in range(count - 1)]
            rejected = wait_for(lambda: (client.pump(), client.finished)[1], "a rejected stream")
            answers = [client.answers[s] for s in streams if s in rejected]
            return {"status": [a.status for a in answers], "overloaded": [a.header("x-envoy-overloaded") for a in answers],
                    "body": [a.body for a in answers]}
    return flow


def what_remains(cluster: str):
    """The gauges of what a cluster's breakers still allow, while one request is with the origin, and after it."""
    def flow(world):
        def gauges():
            prefix = f"cluster.{cluster}.circuit_breakers.default.remaining_"
            return {name.removeprefix(prefix): value for name, value in world.admin.stats(prefix).items()
                    if name != prefix + "cx_pools"}       # without a limit
        with Http1Client(world.dial("main")) as client:
            before = gauges()
            client.send(encode("GET", f"/{cluster}", [("host", "h")]))
            wait_for(world.received, "the request at the origin")
            during = gauges()
        wait_for(lambda: gauges() != during, "the request to end")
        return {"before": before, "during": during, "after": gauges()}
    return flow


def second_pool(world):
    """Two requests at the same time to a cluster of two hosts that may have one pool of connections."""
    with Http2Client(world.dial("main")) as client:
        client.start("GET", "/pools")
        wait_for(world.received, "the first request at an origin")
        answer = client.wait(client.start("GET", "/pools"), "GET")
        overflow = "cluster.pools.upstream_cx_pool_overflow"
        return {"status": answer.status, "body": answer.body, "overflow": world.admin.stats(overflow).get(overflow)}


BREAKERS = Feature("circuit_breakers", """
listeners:
  main:
    routes:
    - {match: {prefix: /requests}, route: {cluster: requests}}
    - {match: {prefix: /pending}, route: {cluster: pending}}
    - {match: {prefix: /connections}, route: {cluster: connections}}
    - {match: {prefix: /high}, route: {cluster: high, priority: HIGH}}
    - {match: {prefix: /high_default}, route: {cluster: high}}
    - {match: {prefix: /remaining}, route: {cluster: remaining}}
    - {match: {prefix: /pools}, route: {cluster: pools}}
    - {match: {prefix: /maintenance}, route: {cluster: maintenance}}
clusters:
  requests: {endpoints: [a], protocol: h2, circuit_breakers: {thresholds: [{max_requests: 2}]}}
  pending: {endpoints: [a], circuit_breakers: {thresholds: [{max_connections: 1, max_pending_requests: 1}]}}
  connections: {endpoints: [a], circuit_breakers: {thresholds: [{max_connections: 1, max_pending_requests: 0}]}}
  high: {endpoints: [a], circuit_breakers: {thresholds: [{priority: HIGH, max_requests: 0}]}}
  remaining: {endpoints: [a], circuit_breakers: {thresholds: [{max_requests: 5, track_remaining: true}]}}
  pools: {endpoints: [a, b], circuit_breakers: {thresholds: [{max_connection_pools: 1}]}}
  maintenance: {endpoints: [a]}
bootstrap: {layered_runtime: {layers: [{name: base, static_layer: {upstream.maintenance_mode.maintenance: 100}}]}}
""", ignore=("stat.cluster.*",))
BREAKERS.case("max_requests", flow=at_once("/requests", "main", 3), origin=R(hang=True), logs=3, ignore=("log*", "origin*"))
BREAKERS.case("max_pending", flow=at_once("/pending", "main", 3), origin=R(hang=True), logs=3, ignore=("log*", "origin*"))
BREAKERS.case("max_connections_no_pending", get("/connections"))
BREAKERS.case("high_priority", get("/high"))
BREAKERS.case("remaining", get("/remaining"))
BREAKERS.case("remaining_gauges", flow=what_remains("remaining"), origin=R(hang=True))
BREAKERS.case("second_pool", flow=second_pool, origin=R(hang=True), logs=2, ignore=("origin[0].where", "log*.UPSTREAM"))
BREAKERS.case("pool_makes_room", get("/pools"), get("/pools"), get("/pools"), ignore=("origin*.where", "client*.body", "log*.UPSTREAM"))
BREAKERS.case("maintenance_mode", get("/maintenance"))


def ejections(world, cluster: str, count: int) -> None:
    """Waits until the main thread has ejected hosts; the barrier lets the worker learn of it."""
    name = f"cluster.{cluster}.outlier_detection.ejections_active"
    wait_for(lambda: world.admin.stats(name).get(name) == count, f"{count} ejections")
    world.drain_log(0)


def ejected(world):
    """Fails host a until it is ejected, then shows where requests go."""
    with Http1Client(world.dial("main")) as client:
        first = [client.request("GET", "/outlier", [("host", "h")]).status for _ in range(6)]
        ejections(world, "outlier", 1)
        then = [client.request("GET", "/outlier", [("host", "h")]).status for _ in range(4)]
    return {"first": sorted(first), "then": then}


def gateway_ejected(world):
    with Http1Client(world.dial("main")) as client:
        for _ in range(4):
            client.request("GET", "/gateway", [("host", "h")])
    ejections(world, "gateway", 1)
    stats = world.admin.stats("cluster.gateway.outlier")
    return {name: stats.get(f"cluster.gateway.outlier_detection.{name}") for name in (
        "ejections_active", "ejections_enforced_consecutive_gateway_failure", "ejections_detected_consecutive_gateway_failure")}


OUTLIERS = Feature("outliers", """
listeners:
  main:
    routes:
    - {match: {prefix: /outlier}, route: {cluster: outlier}}
    - {match: {prefix: /gateway}, route: {cluster: gateway}}
clusters:
  outlier: {endpoints: [a, b], outlier_detection: {consecutive_5xx: 3, interval: 60s, base_ejection_time: 60s, max_ejection_percent: 100}, common_lb_config: {healthy_panic_threshold: {value: 0}}}
  gateway: {endpoints: [a, b], outlier_detection: {consecutive_gateway_failure: 2, enforcing_consecutive_gateway_failure: 100, interval: 60s, max_ejection_percent: 50}}
""", ignore=("origin*", "log*", "stat.*"))
OUTLIERS.case("consecutive_5xx", flow=ejected, origin=lambda: by_origin({"a": R(500)}))
OUTLIERS.case("gateway_failures_half_at_most", flow=gateway_ejected, origin=lambda: by_origin({"a": R(503), "b": R(503)}))


def becomes(cluster: str, healthy: int, check_host: str = ""):
    """Waits until active checks have decided, then asks; `check_host` shows the check that carries it."""
    def flow(world):
        name = f"cluster.{cluster}.membership_healthy"
        wait_for(lambda: world.admin.stats(name).get(name) == healthy, f"{cluster} to have {healthy} healthy hosts")
        world.drain_log(0)
        with Http1Client(world.dial("main")) as client:
            answers = [client.request("GET", f"/{cluster}", [("host", "h")]) for _ in range(4)]
        seen = {"status": [a.status for a in answers]}
        if check_host:
            check = wait_for(lambda: next((r for r in world.received() if r.header("host") == [check_host]), None), "a check")
            seen["check"] = [check.line, *sorted(f"{n}: {v}" for n, v in check.headers)]
        return seen
    return flow


def checks(**by_name: Reply):
    """Origins that answer /check as told and everything else plainly."""
    def script():
        return lambda received: by_name.get(received.where, R()) if received.path.startswith("/check") else R()
    return script


_HC = "health_checks: [{timeout: 1s, interval: 0.05s, unhealthy_threshold: 1, healthy_threshold: 1, no_traffic_interval: 0.05s, "
HEALTH = Feature("health_checks", f"""
listeners:
  main:
    routes:
    - {{match: {{prefix: /http}}, route: {{cluster: http}}}}
    - {{match: {{prefix: /expected}}, route: {{cluster: expected}}}}
    - {{match: {{prefix: /tcp}}, route: {{cluster: tcp}}}}
    - {{match: {{prefix: /mixed}}, route: {{cluster: mixed}}}}
    - {{match: {{prefix: /host}}, route: {{cluster: host}}}}
clusters:
  http: {{endpoints: [a, b], {_HC} http_health_check: {{path: /check}}}}], common_lb_config: {{update_merge_window: 0s}}}}
  expected: {{endpoints: [a], {_HC} http_health_check: {{path: /check, expected_statuses: [{{start: 404, end: 405}}]}}}}], common_lb_config: {{update_merge_window: 0s, healthy_panic_threshold: {{value: 0}}}}}}
  tcp: {{endpoints: [a, refused], {_HC} tcp_health_check: {{}}}}], common_lb_config: {{update_merge_window: 0s, healthy_panic_threshold: {{value: 0}}}}}}
  mixed: {{endpoints: [a, {{at: b, endpoint: {{health_check_config: {{disable_active_health_check: true}}}}}}], {_HC} http_health_check: {{path: /check}}}}], common_lb_config: {{update_merge_window: 0s}}}}
  host: {{endpoints: [c], {_HC} http_health_check: {{path: /check/host, host: hc.test, request_headers_to_add: [{{header: {{key: x-hc, value: "1"}}}}], method: HEAD}}}}]}}
""", ignore=("origin*", "log*", "stat.*"))
HEALTH.case("both_healthy", flow=becomes("http", 2, "http"), origin=checks(), logs=4)
HEALTH.case("one_fails", flow=becomes("http", 1), origin=checks(a=R(503)), logs=4)
HEALTH.case("all_fail_is_panic", flow=becomes("http", 0), origin=checks(a=R(503), b=R(500)), logs=4)
HEALTH.case("recovers", flow=becomes("http", 2), origin=checks(), logs=4)
HEALTH.case("immediate_fail_header", flow=becomes("http", 1), origin=checks(a=R(503, [("x-envoy-immediate-health-check-fail", "true")])), logs=4)
HEALTH.case("expected_status", flow=becomes("expected", 1), origin=checks(a=R(404)), logs=4)
HEALTH.case("unexpected_status_no_panic", flow=becomes("expected", 0), origin=checks(a=R(200)), logs=4)
HEALTH.case("tcp_connect", flow=becomes("tcp", 1), origin=checks(), logs=4)
HEALTH.case("check_disabled_on_endpoint", flow=becomes("mixed", 1), origin=checks(a=R(500), b=R(500)), logs=4)
HEALTH.case("request_as_configured", flow=becomes("host", 1, "hc.test"), origin=checks(), logs=4)
