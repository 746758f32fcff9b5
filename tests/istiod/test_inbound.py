"""What reaches the workload of productpage: PeerAuthentication, RequestAuthentication, AuthorizationPolicies, the rate limit
of the EnvoyFilter, and Istio's metadata and metrics."""
import ssl
import time

import pytest

from tests.istiod.authz import HttpAuthz
from tests.istiod.backends import http_origin
from tests.istiod.mesh import Mesh
from tests.support.client_h1 import Http1Client, encode
from tests.support.deadline import wait_for

HERE = ("127.0.1.1", 9080)
SERVICE = "productpage.shop.svc.cluster.local"
SHOP = {"x-forwarded-for": "10.1.2.3"}


@pytest.fixture(scope="module")
def mesh(productpage: Mesh) -> Mesh:
    productpage.add("app", http_origin("app", *HERE))
    productpage.add("authz", HttpAuthz())
    return productpage


def call(mesh: Mesh, who: str | None, path: str, headers: dict[str, str], authority: str = SERVICE,
         method: str = "GET", port: int = 9080):
    return mesh.get(mesh.peer(who, HERE[0], port), path, authority, *headers.items(), method=method)


# Who, what, with which headers, and the status that the policies ask for.
RULE_0 = [
    ("reviews", "GET", "/api/x", {"x-a": "b1"}, 200),
    ("reviews", "POST", "/api/x", {"x-a": "b"}, 200),
    ("reviews", "GET", "/x", {"x-a": "b1"}, 200),
    ("reviews", "GET", "/x?y=z", {"x-a": "b1"}, 200),
    ("reviews", "GET", "/x/y", {"x-a": "b1"}, 403),
    ("reviews", "GET", "/api/admin", {"x-a": "b1"}, 403),
    ("reviews", "GET", "/api/../api/admin", {"x-a": "b1"}, 403),
    ("reviews", "GET", "/api/%2e%2e/api/admin", {"x-a": "b1"}, 403),
    ("reviews", "GET", "/api/adminx", {"x-a": "b1"}, 200),
    ("reviews", "GET", "/api", {"x-a": "b1"}, 403),
    ("reviews", "PUT", "/api/x", {"x-a": "b1"}, 403),
    ("reviews", "DELETE", "/api/x", {"x-a": "b1"}, 403),
    ("reviews", "GET", "/api/x", {"x-a": "a"}, 403),
    ("reviews", "GET", "/api/x", {}, 403),
    ("reviews", "GET", "/audit/x", {"x-a": "b1"}, 403),
    ("ratings", "GET", "/api/x", {"x-a": "b1"}, 403),
    ("stranger", "GET", "/api/x", {"x-a": "b1"}, 403),
    ("bad", "GET", "/api/x", {"x-a": "b1"}, 403),
]


@pytest.mark.parametrize("who, method, path, headers, status", RULE_0)
def test_the_first_rule(mesh: Mesh, who, method, path, headers, status):
    answer = call(mesh, who, path, headers, method=method)
    assert answer.status == status
    if status == 403:
        assert answer.body == b"RBAC: access denied"


# The token's claims (None: no token), headers, authority, path, status.
RULE_1 = [
    ({"groups": ["admin"]}, SHOP, "shop.example.com", "/", 200),
    ({"groups": ["admin", "user"]}, SHOP, "shop.example.com", "/any/path", 200),
    ({"groups": "admin"}, SHOP, "shop.example.com", "/", 200),
    ({"groups": ["admin"]}, SHOP, "SHOP.example.com", "/", 200),
    ({"groups": ["user"]}, SHOP, "shop.example.com", "/", 403),
    ({}, SHOP, "shop.example.com", "/", 403),
    ({"groups": ["admin"]}, SHOP, "other.example.com", "/", 403),
    ({"groups": ["admin"]}, {"x-forwarded-for": "11.1.2.3"}, "shop.example.com", "/", 403),
    ({"groups": ["admin"]}, {}, "shop.example.com", "/", 403),
    (None, SHOP, "shop.example.com", "/", 403),
    ({"groups": ["admin"], "iss": "https://evil.example"}, SHOP, "shop.example.com", "/", 401),
    ({"groups": ["admin"], "aud": "other"}, SHOP, "shop.example.com", "/", 403),
    ({"groups": ["admin"], "aud": ["other", "shop"]}, SHOP, "shop.example.com", "/", 200),
    ({"groups": ["admin"], "exp": 1000}, SHOP, "shop.example.com", "/", 401),
    ({"groups": ["admin"], "nbf": int(time.time()) + 9999}, SHOP, "shop.example.com", "/", 401),
    ({"groups": ["admin"], "sub": ""}, SHOP, "shop.example.com", "/", 403),
]


@pytest.mark.parametrize("claims, headers, authority, path, status", RULE_1)
def test_the_second_rule(mesh: Mesh, claims, headers, authority, path, status):
    token = {} if claims is None else {"x-jwt": f"Bearer {mesh.issuer.token(**claims)}"}
    assert call(mesh, "ratings", path, {**headers, **token}, authority).status == status


BAD_TOKENS = [
    (lambda token: token[:-8] + "AAAAAAAA", b"Jwt verification fails"),
    (lambda token: token.rsplit(".", 1)[0], b"Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections"),
    (lambda token: "e30." + token.split(".", 1)[1],
     b"Jwt header [alg] field is required and must be a string"),
    (lambda token: "eyJhbGciOiJub25lIn0." + token.split(".", 2)[1] + ".AAAA", b"Jwt header [alg] is not supported"),
    (lambda token: token.rsplit(".", 1)[0] + ".", b"Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections"),
]


@pytest.mark.parametrize("change, why", BAD_TOKENS)
def test_a_token_that_is_not_right_is_refused(mesh: Mesh, change, why):
    """Also where no token would have done."""
    token = change(mesh.issuer.token(groups=["admin"]))
    answer = call(mesh, "reviews", "/api/x", {"x-a": "b", "x-jwt": f"Bearer {token}"})
    assert (answer.status, answer.body) == (401, why)
    assert answer.header("www-authenticate") == [
        f'Bearer realm="https://{SERVICE}/api/x", error="invalid_token"']


def test_claims_go_upstream_and_nobody_else_says_them(mesh: Mesh):
    origin = mesh.backends["app"]
    origin.reset()
    token = mesh.issuer.token(groups=["admin"])
    call(mesh, "ratings", "/", {**SHOP, "x-jwt": f"Bearer {token}", "x-sub": "forged"}, "shop.example.com")
    call(mesh, "reviews", "/x", {"x-a": "b", "x-sub": "forged"})
    with_token, without = origin.wait_requests(2)
    assert with_token.header("x-sub") == ["jane"]
    assert with_token.header("x-jwt") == [f"Bearer {token}"], "forwardOriginalToken"
    assert without.header("x-sub") == []


# Headers for the service, the status, and what the workload sees.
CUSTOM = [
    ({"x-ext-authz": "allow"}, 200, ["jane"]),
    ({"x-ext-authz": "deny"}, 403, None),
    ({}, 403, None),
]


@pytest.mark.parametrize("headers, status, user", CUSTOM)
def test_custom_authorization(mesh: Mesh, headers, status, user):
    origin, authz = mesh.backends["app"], mesh.backends["authz"]
    origin.reset()
    authz.reset(authz.judge)
    token = {"x-jwt": f"Bearer {mesh.issuer.token(groups=['admin'])}"}
    answer = call(mesh, "ratings", "/ext/a", {**SHOP, **token, **headers, "x-other": "1"}, "shop.example.com")
    assert answer.status == status
    asked = authz.wait_requests(1)[0]
    assert asked.line.startswith("GET /ext/a")
    assert asked.header("host") == ["shop.example.com"]
    assert asked.header("x-ext-authz") == list(headers.values())
    assert asked.header("x-other") == []
    if user is None:
        assert answer.body == b"denied by authz" and answer.header("x-why") == ["no"]
    else:
        seen = origin.wait_requests(1)[0]
        assert seen.header("x-auth-user") == user
        assert seen.header("x-secret") == [], "only headersToUpstreamOnAllow"


def test_other_paths_are_not_asked_about(mesh: Mesh):
    authz = mesh.backends["authz"]
    authz.reset(authz.judge)
    assert call(mesh, "reviews", "/x", {"x-a": "b"}).status == 200
    assert authz.requests == []


@pytest.mark.parametrize("who", [None])
def test_without_a_certificate_there_is_no_connection(mesh: Mesh, who):
    with pytest.raises((ssl.SSLError, ConnectionError)):
        refused = call(mesh, who, "/x", {"x-a": "b"})
        if refused.status == 0 and refused.end in ("closed", "reset"):
            raise ConnectionError


def test_clear_text_is_refused(mesh: Mesh):
    """STRICT: no chain is for it."""
    dialed = mesh.peer("reviews", *HERE)
    dialed.tls = None
    try:
        answer = mesh.get(dialed, "/x", SERVICE, ("x-a", "b"))
        assert answer.status == 0 and answer.end in ("closed", "reset")
    except ConnectionError:
        pass


@pytest.mark.parametrize("alpn, protocol", [(("istio-h2", "istio", "h2"), "h2"),
                                            (("istio-http/1.1", "istio", "http/1.1"), "http/1.1"), ((), None)])
def test_the_servers_own_protocols_are_negotiated(mesh: Mesh, alpn, protocol):
    dialed = mesh.peer("reviews", *HERE, alpn=alpn)
    with dialed.connect() as connection:
        assert connection.selected_alpn_protocol() == protocol


def test_http_2_from_a_peer(mesh: Mesh):
    dialed = mesh.peer("reviews", *HERE, alpn=("istio-h2", "istio", "h2"))
    answer = mesh.get_h2(dialed, "/x", SERVICE, [("x-a", "b")])
    assert (answer.status, answer.body) == (200, b"app")
    assert answer.header("server") == ["istio-envoy"]


def test_the_workload_sees_who_calls(mesh: Mesh):
    origin = mesh.backends["app"]
    origin.reset()
    call(mesh, "reviews", "/x", {"x-a": "b"})
    request = origin.wait_requests(1)[0]
    certificate = request.header("x-forwarded-client-cert")[0]
    assert f"URI={mesh.identities['reviews'].uri}" in certificate
    assert f"By={mesh.identities['productpage'].uri}" in certificate
    assert request.header("x-envoy-peer-metadata") == []


def test_metadata_is_exchanged_by_headers(mesh: Mesh):
    # Struct { "WORKLOAD_NAME": "reviews-v1" }
    told = "Ch0KDVdPUktMT0FEX05BTUUSDBoKcmV2aWV3cy12MQ=="
    answer = call(mesh, "reviews", "/x", {"x-a": "b", "x-envoy-peer-metadata": told, "x-envoy-peer-metadata-id": "sidecar~1"})
    assert answer.header("x-envoy-peer-metadata-id") == [mesh.agent.capture.node["id"]]
    assert len(answer.header("x-envoy-peer-metadata")) == 1
    wait_for(lambda: [labels for labels, _ in mesh.metrics("istio_requests_total")
                      if labels.get("source_workload") == "reviews-v1"], "the label source_workload")


def test_metrics_of_requests(mesh: Mesh):
    call(mesh, "reviews", "/x", {"x-a": "b"})

    def found() -> list[dict]:
        return [labels for labels, _ in mesh.metrics("istio_requests_total")
                if labels["reporter"] == "destination" and labels["response_code"] == "200"
                and labels["source_principal"] == mesh.identities["reviews"].uri]
    wait_for(lambda: bool(found()), "istio_requests_total")
    labels = found()[0]
    assert labels["destination_principal"] == mesh.identities["productpage"].uri
    assert labels["source_workload_namespace"] == "shop"
    assert labels["destination_workload"] == "productpage-v1"
    assert labels["destination_app"] == "productpage"
    assert labels["destination_version"] == "v1"
    assert labels["destination_service"] == SERVICE
    assert labels["destination_service_name"] == SERVICE
    assert labels["destination_cluster"] == "bare"
    assert labels["request_protocol"] == "http"
    assert labels["connection_security_policy"] == "mutual_tls"
    assert labels["response_flags"] == "-"
    assert labels["x_extra"] == SERVICE, "tagOverrides of the Telemetry"
    text = mesh.proxy.admin.get("/stats/prometheus?usedonly")[1]
    for name in ("istio_request_duration_milliseconds_bucket", "istio_request_bytes_sum", "istio_response_bytes_count"):
        assert name in text
    assert "x_extra" not in next(line for line in text.splitlines() if line.startswith("istio_request_bytes_sum"))


def test_decisions_are_counted(mesh: Mesh):
    before = mesh.stat("rbac")
    call(mesh, "reviews", "/x", {"x-a": "b"})

    def grown(suffix: str) -> bool:
        return sum(v for k, v in mesh.stat("rbac").items() if k.endswith(suffix)) > \
            sum(v for k, v in before.items() if k.endswith(suffix))
    wait_for(lambda: grown("rbac.allowed"), "an enforced permission")


@pytest.mark.parametrize("path, decision", [("/ext/a", "denied"), ("/x", "allowed")])
def test_shadow_decisions_are_counted_under_their_prefix(mesh: Mesh, path, decision):
    """Custom authorization asks where a shadow rule fits: the decision is not enforced, but told and counted."""
    def counted() -> dict[str, int]:
        return {name.partition(".rbac.")[2]: value for name, value in mesh.stat("shadow_").items()
                if name.startswith("http.inbound_")}
    before = counted()
    call(mesh, "reviews", path, {"x-a": "b", "x-ext-authz": "allow"})
    name = f"istio_ext_authz_.shadow_{decision}"
    wait_for(lambda: counted().get(name, 0) == before.get(name, 0) + 1, name)
    other = f"istio_ext_authz_.shadow_{'allowed' if decision == 'denied' else 'denied'}"
    assert counted().get(other, 0) == before.get(other, 0)


def test_a_port_that_no_service_has(mesh: Mesh):
    """virtualInbound's catch-all: HTTP by its ALPN, and the policies stand."""
    assert call(mesh, "stranger", "/x", {}, port=7777).status == 403


def test_the_rate_limit(mesh: Mesh):
    """100 a second. The requests come at once and need no answer of the workload (no policy lets the stranger in), so
    that the burst is over before new tokens are there, however busy the machine is."""
    time.sleep(1.1)
    with Http1Client(mesh.peer("stranger", *HERE)) as client:
        client.send(encode("GET", "/x", [("host", SERVICE)]) * 150)
        statuses = [client.response().status for _ in range(150)]
    assert set(statuses) == {403, 429} and statuses[0] == 403
    assert 95 <= statuses.count(403) < 150
    time.sleep(1.1)
