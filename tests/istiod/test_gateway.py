"""The ingress gateway: its eight servers, each from outside."""
import ssl
from collections import Counter

import pytest

from tests.istiod.authz import GrpcAuthz
from tests.istiod.backends import http_origin, mesh_client, mesh_server
from tests.istiod.mesh import Mesh
from tests.support.client import Dial
from tests.support.client_h1 import Http1Client
from tests.support.deadline import wait_for
from tests.support.handshakes import trusting


@pytest.fixture(scope="module")
def mesh(gateway: Mesh) -> Mesh:
    server = mesh_server(gateway.identities["productpage"], ["istio-http/1.1", "http/1.1"])
    gateway.add("productpage", http_origin("productpage", "127.0.1.1", 9080, server))
    gateway.add("authz", GrpcAuthz())
    return gateway


def get(dial: Dial, path: str, authority: str, *headers: tuple[str, str]):
    with Http1Client(dial) as client:
        return client.request("GET", path, [("host", authority), *headers])


PLAIN = [
    (8081, "shop.example.com", "/", "productpage", 200),
    (8081, "m.example.com", "/x", "productpage", 200),
    (8081, "im.example.com", "/x", "productpage", 200),
    (8081, "shop.example.com", "/reviews", "reviews-", 200),
    (8081, "other.example.com", "/", "", 404),
    (8081, "example.org", "/", "", 404),
    (8082, "shop.example.com", "/a?b", "", 301),
    (8082, "other.example.com", "/a", "", 404),
]


@pytest.mark.parametrize("port, authority, path, who, status", PLAIN)
def test_clear_text(mesh: Mesh, port, authority, path, who, status):
    answer = get(Dial(port), path, authority)
    assert answer.status == status
    assert answer.body.decode().startswith(who)
    if status == 301:
        assert answer.header("location") == [f"https://{authority}{path}"]


def test_weights(mesh: Mesh):
    served = Counter(get(Dial(8081), f"/reviews/{n}", "shop.example.com").body for n in range(40))
    assert set(served) == {b"reviews-v1", b"reviews-v2"} and min(served.values()) >= 8


def edge_client(mesh: Mesh, certificate: tuple[str, str] | None = None) -> ssl.SSLContext:
    context = trusting(mesh.edge.path)
    context.check_hostname = False
    if certificate:
        context.load_cert_chain(*certificate)
    return context


@pytest.mark.parametrize("path, who", [("/", "productpage"), ("/reviews", "reviews-")])
def test_simple_tls(mesh: Mesh, path, who):
    answer = get(Dial(8443, tls=edge_client(mesh), sni="shop.example.com"), path, "shop.example.com")
    assert answer.status == 200 and answer.body.decode().startswith(who)


def test_mutual_tls_asks_for_the_right_client(mesh: Mesh):
    right = mesh.edge.issue("client", dns=["client.example.com"])
    wrong = mesh.edge.issue("other", dns=["other.example.com"])
    answer = get(Dial(8443, tls=edge_client(mesh, right), sni="m.example.com"), "/", "m.example.com")
    assert answer.body == b"productpage"
    request = mesh.requests_at("productpage")[-1]
    assert "Subject=" in request.header("x-forwarded-client-cert")[0], "SANITIZE_SET"
    for certificate in (None, wrong):
        with pytest.raises((ssl.SSLError, ConnectionError)):
            refused = get(Dial(8443, tls=edge_client(mesh, certificate), sni="m.example.com"), "/", "m.example.com")
            if refused.status == 0 and refused.end in ("closed", "reset"):
                raise ConnectionError


@pytest.mark.parametrize("who, works", [("reviews", True), (None, False)])
def test_istio_mutual_at_the_gateway(mesh: Mesh, who, works):
    tls = mesh_client(mesh.identities[who] if who else None, mesh.authority.path, ["http/1.1"])
    dial = Dial(8443, tls=tls, sni="im.example.com")
    if works:
        assert get(dial, "/", "im.example.com").body == b"productpage"
        return
    with pytest.raises((ssl.SSLError, ConnectionError)):
        refused = get(dial, "/", "im.example.com")
        if refused.status == 0 and refused.end in ("closed", "reset"):
            raise ConnectionError


@pytest.mark.parametrize("sni", ["unknown.example.com", None])
def test_other_names_are_not_served(mesh: Mesh, sni):
    with pytest.raises((ssl.SSLError, ConnectionError)):
        get(Dial(8443, tls=edge_client(mesh), sni=sni), "/", "shop.example.com")


# Headers, status, what the workload sees of the user.
CUSTOM = [({"x-ext-authz": "allow"}, 200, ["jane"]), ({"x-ext-authz": "deny"}, 401, None), ({}, 401, None)]


@pytest.mark.parametrize("headers, status, user", CUSTOM)
def test_custom_authorization_over_grpc(mesh: Mesh, headers, status, user):
    authz = mesh.backends["authz"]
    authz.requests.clear()
    mesh.backends["productpage"].reset()
    answer = get(Dial(8081, source="127.0.0.3"), "/ext/a?b", "shop.example.com", *headers.items())
    assert answer.status == status
    asked = authz.requests[0].attributes
    assert asked.request.http.path == "/ext/a?b" and asked.request.http.host == "shop.example.com"
    assert asked.source.address.socket_address.address == "127.0.0.3"
    if user is None:
        assert answer.body == b"denied by authz"
        assert mesh.requests_at("productpage") == []
    else:
        assert mesh.backends["productpage"].wait_requests(1)[0].header("x-auth-user") == user


def test_a_service_that_does_not_answer_refuses(mesh: Mesh):
    mesh.backends["authz"].stop()
    try:
        assert get(Dial(8081), "/ext/a", "shop.example.com", ("x-ext-authz", "allow")).status == 403
        assert get(Dial(8081), "/a", "shop.example.com").status == 200, "nobody asks about it"
    finally:
        mesh.add("authz", GrpcAuthz())


@pytest.mark.parametrize("allowed", [True, False])
def test_tcp_is_asked_about_too(mesh: Mesh, allowed):
    authz = mesh.backends["authz"]
    authz.requests.clear()
    authz.allow_connections = allowed
    with Dial(5433).connect() as connection:
        connection.sendall(b"select")
        try:
            answer = connection.recv(4096)
        except ConnectionResetError:
            answer = b""
    assert answer.startswith(b"db-v") if allowed else answer == b""
    assert len(authz.requests) == 1
    authz.allow_connections = True


def client_hello(sni: str, alpn: list[str]) -> bytes:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.create_default_context()
    context.set_alpn_protocols(alpn)
    session = context.wrap_bio(incoming, outgoing, server_hostname=sni)
    try:
        session.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


def passed_through(mesh: Mesh, name: str) -> Dial:
    """The client's TLS ends at the workload: the gateway passes its bytes on."""
    tls = mesh_client(mesh.identities["productpage"], mesh.authority.path, ["istio-http/1.1", "istio"])
    return Dial(15443, tls=tls, sni=f"outbound_.9080_._.{name}.shop.svc.cluster.local")


def test_auto_passthrough_goes_by_the_server_name(mesh: Mesh):
    answer = get(passed_through(mesh, "ratings"), "/x", "ratings")
    assert answer.status == 200 and answer.body.startswith(b"ratings-v")


@pytest.mark.parametrize("name, alpn", [("outbound_.7000_._.auto", "istio"), ("outbound_.9080_._.ratings", "h2")])
def test_auto_passthrough_is_for_the_mesh_alone(mesh: Mesh, name, alpn):
    """istiod names no endpoint that has no mutual TLS; and a client outside has no ALPN of the mesh."""
    with Dial(15443).connect() as connection:
        connection.sendall(client_hello(f"{name}.shop.svc.cluster.local", [alpn]))
        try:
            assert connection.recv(4096) == b""
        except ConnectionResetError:
            pass


def test_metrics_of_tcp(mesh: Mesh):
    def opened() -> list[dict]:
        return [labels for labels, _ in mesh.metrics("istio_tcp_connections_opened_total")
                if labels["destination_service"].startswith("ratings.")]
    get(passed_through(mesh, "ratings"), "/x", "ratings")
    wait_for(lambda: bool(opened()), "istio_tcp_connections_opened_total")
    labels = opened()[0]
    assert labels["reporter"] == "source" and labels["request_protocol"] == "tcp"
    assert labels["source_workload"] == "gw"
    wait_for(lambda: bool(mesh.metrics("istio_tcp_received_bytes_total")), "istio_tcp_received_bytes_total")
