"""What the application beside the sidecar of productpage calls, by the VirtualServices and DestinationRules of world.yaml."""
import threading
import time
from collections import Counter

import pytest

from tests.istiod.mesh import Mesh

REVIEWS = ("240.1.0.2", 9080)
RATINGS = ("240.1.0.3", 9080)

# name, path, headers, what the answer must be: who answered and status, then headers of the answer
ROUTES = [
    ("jason goes to v2", "/api/x", {"end-user": "jason"}, "reviews-v2", 200, {}),
    ("another user does not", "/api/x", {"end-user": "jane", "x-user": "7"}, None, 200, {}),
    ("a prefix of the path", "/apix", {"end-user": "jason"}, "reviews-v2", 200, {}),
    ("redirect", "/old/page", {}, "", 302, {"location": "http://new.example.com/new"}),
    ("direct response", "/hc", {}, "ok", 200, {}),
    ("direct response is exact", "/hcx", {}, None, 200, {}),
    ("rewrite", "/rw/a/b", {}, "reviews-v1", 200, {"x-resp": "3"}),
]


@pytest.mark.parametrize("name, path, headers, who, status, answer", ROUTES, ids=[r[0] for r in ROUTES])
def test_a_route(productpage: Mesh, name, path, headers, who, status, answer):
    for authority in ("reviews.shop.svc.cluster.local", "reviews:9080", "reviews.shop"):
        response = productpage.get(productpage.app(*REVIEWS), path, authority, *headers.items())
        assert response.status == status
        if who is not None:
            assert response.body.decode() == who
        for header, value in answer.items():
            assert response.header(header) == [value]


def test_a_rewrite_changes_path_and_headers(productpage: Mesh):
    origin = productpage.backends["reviews-v1"]
    origin.reset()
    productpage.get(productpage.app(*REVIEWS), "/rw/a?b=c", "reviews", ("x-rm", "1"), ("x-set", "old"), ("x-add", "1"))
    request = origin.wait_requests(1)[0]
    assert request.line.endswith(" /a?b=c")
    assert request.header("x-rm") == []
    assert request.header("x-set") == ["1"]
    assert request.header("x-add") == ["1", "2"]


def test_cors(productpage: Mesh):
    def preflight(origin: str):
        return productpage.get(productpage.app(*REVIEWS), "/rw/a", "reviews", ("origin", origin),
                               ("access-control-request-method", "GET"), method="OPTIONS")
    for origin in ("https://a.example.com", "https://x.b.com"):
        answer = preflight(origin)
        assert answer.status == 200
        assert answer.header("access-control-allow-origin") == [origin]
        assert answer.header("access-control-allow-methods") == ["GET,POST"]
        assert answer.header("access-control-allow-headers") == ["x-h"]
        assert answer.header("access-control-max-age") == ["86400"]
        assert answer.header("access-control-allow-credentials") == ["true"]
    stranger = preflight("https://evil.example")
    assert stranger.header("access-control-allow-origin") == []
    assert stranger.body == b"reviews-v1", "forward_not_matching_preflights"


def test_weights(productpage: Mesh):
    """80 to 15 to 5, of 200 requests."""
    served = Counter()
    with productpage_client(productpage) as client:
        for number in range(200):
            answer = client.request("GET", f"/{number}", [("host", "reviews"), ("x-user", str(number))])
            served[answer.body.decode()] += 1
            assert (answer.header("x-dst") == ["v1"]) == (answer.body == b"reviews-v1")
    assert served.total() == 200
    assert 130 <= served["reviews-v1"] <= 185, served
    assert 10 <= served["reviews-v2"] <= 60, served
    assert served["reviews-v3"] <= 30, served


def test_a_quarter_is_mirrored_to_ratings(productpage: Mesh):
    for name in ("ratings-v1", "ratings-v2"):
        productpage.backends[name].reset()
    with productpage_client(productpage) as client:
        for number in range(80):
            client.request("GET", f"/mirrored/{number}", [("host", "reviews"), ("x-user", str(number))])
    time.sleep(0.3)
    seen = [r for n in (1, 2) for r in productpage.requests_at(f"ratings-v{n}") if "/mirrored/" in r.line]
    assert 5 <= len(seen) <= 40
    assert {r.header("host")[0] for r in seen} == {"reviews"}, "no suffix"


def test_faults(productpage: Mesh):
    """Half is delayed by 2 s, a tenth is aborted."""
    results: list[tuple[int, float]] = []

    def call() -> None:
        begun = time.monotonic()
        dialed = productpage.app(*REVIEWS)
        answer = productpage.get(dialed, "/fault?q=12", "reviews")
        results.append((answer.status, time.monotonic() - begun))
    threads = [threading.Thread(target=call) for _ in range(60)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    slow = sum(took >= 2 for _, took in results)
    aborted = sum(status == 503 for status, _ in results)
    assert len(results) == 60
    assert 15 <= slow <= 45
    assert aborted <= 18


@pytest.mark.parametrize("path, headers", [("/fault?q=x", {}), ("/fault", {}), ("/fault?q=1", {"x-no": "1"})])
def test_a_fault_only_where_all_matches(productpage: Mesh, path, headers):
    begun = time.monotonic()
    answer = productpage.get(productpage.app(*REVIEWS), path, "reviews", ("x-user", "1"), *headers.items())
    assert answer.status == 200 and time.monotonic() - begun < 1.5


def test_the_same_user_keeps_the_same_host(productpage: Mesh):
    assert {productpage.get(productpage.app(*REVIEWS), "/api", "reviews", ("end-user", "jason"), ("x-user", "u")).body
            for _ in range(5)} == {b"reviews-v2"}


def test_mutual_tls_and_alpn(productpage: Mesh):
    origin = productpage.backends["reviews-v1"]
    origin.reset()
    productpage.get(productpage.app(*REVIEWS), "/rw/x", "reviews")
    request = origin.wait_requests(1)[0]
    assert request.protocol == "HTTP/2", "h2UpgradePolicy: UPGRADE"
    assert request.tls["alpn"] == "istio-h2"
    assert request.tls["sni"] == "outbound_.9080_.v1_.reviews.shop.svc.cluster.local"
    assert productpage.identities["productpage"].uri.encode() in request.tls["peer"]


def test_ratings_speaks_http_1(productpage: Mesh):
    served = Counter()
    for _ in range(8):
        answer = productpage.get(productpage.app(*RATINGS), "/r", "ratings.shop.svc.cluster.local")
        assert answer.status == 200
        served[answer.body.decode()] += 1
    assert set(served) == {"ratings-v1", "ratings-v2"}, "ROUND_ROBIN"
    request = productpage.requests_at("ratings-v1")[-1]
    assert request.protocol == "HTTP/1.1" and request.tls["alpn"] == "istio-http/1.1"


def test_peers_are_told_who_calls(productpage: Mesh):
    origin = productpage.backends["ratings-v1"]
    origin.reset()
    for _ in range(2):
        productpage.get(productpage.app(*RATINGS), "/r", "ratings")
    request = origin.wait_requests(1)[0]
    assert request.header("x-envoy-peer-metadata-id") == [productpage.agent.capture.node["id"]]
    assert len(request.header("x-envoy-peer-metadata")) == 1


def test_what_no_service_has_goes_where_it_was_meant(productpage: Mesh):
    """ALLOW_ANY."""
    direct = productpage.get(productpage.app("127.0.7.7", 8099), "/", "anything")
    assert direct.body == b"elsewhere"
    routed = productpage.get(productpage.app("240.1.0.2", 9080), "/", "unknown.host")
    assert routed.status == 503, "PassthroughCluster connects to the address itself, and nobody listens there"


def test_tcp_weights_and_proxy_protocol(productpage: Mesh):
    served = Counter()
    for _ in range(60):
        with productpage.app("240.1.0.4", 5432).connect() as connection:
            connection.sendall(b"select")
            answer = b""
            while not answer.endswith(b"select"):
                received = connection.recv(4096)
                assert received, answer
                answer += received
            name, _, echoed = answer.partition(b":")
            assert echoed.startswith(b"\r\n\r\n\0\r\nQUIT\n"), "PROXY protocol, version 2"
            served[name.decode()] += 1
    assert 42 <= served["db-v1"] <= 60 and set(served) <= {"db-v1", "db-v2"}


@pytest.mark.parametrize("address, who", [(("240.1.0.5", 7000), b"auto"), (("240.1.0.6", 27017), b"mongo")])
def test_other_tcp(productpage: Mesh, address, who):
    with productpage.app(*address).connect() as connection:
        connection.sendall(b"hello")
        assert connection.recv(4096) == who + b":hello"


def productpage_client(mesh: Mesh):
    from tests.support.client_h1 import Http1Client
    return Http1Client(mesh.app(*REVIEWS))
