"""The sidecar of ratings, which its Sidecar object scopes: one port that leads elsewhere, three services, nothing else."""
import socket

import pytest

from tests.istiod.backends import EchoServer, http_origin
from tests.istiod.mesh import Dialed, Mesh
from tests.istiod.namespace import INBOUND

HERE = "127.0.3.9"      # an address of the workload at which no backend listens


@pytest.fixture(scope="module")
def mesh(ratings: Mesh) -> Mesh:
    ratings.add("app", http_origin("app", "127.0.0.1", 19080))
    ratings.add("grpc", EchoServer("grpc", HERE, 9090))
    ratings.add("authz", http_origin("authz", "127.0.4.3", 8000))
    return ratings


@pytest.mark.parametrize("who, status", [("productpage", 200), ("reviews", 200), ("stranger", 200), ("bad", 403)])
def test_the_ingress_port_leads_to_its_default_endpoint(mesh: Mesh, who, status):
    answer = mesh.get(mesh.peer(who, HERE, 9080), "/r", "ratings.shop.svc.cluster.local")
    assert answer.status == status
    if status == 200:
        assert answer.body == b"app"


@pytest.mark.parametrize("who", ["productpage", "bad"])
def test_a_permissive_port_takes_mutual_tls(mesh: Mesh, who):
    """The policy against namespace bad is about port 9080."""
    with mesh.peer(who, HERE, 9090, alpn=("istio-peer-exchange", "istio")).connect() as connection:
        assert connection.selected_alpn_protocol() == "istio-peer-exchange"
        connection.sendall(b"\x3d\x23\x04\x67\0\0\0\0hello")       # what we tell is nothing
        received = b""
        while b":hello" not in received:
            received += connection.recv(4096)
        assert received.startswith(b"\x3d\x23\x04\x67"), "it tells first who it is"
        assert b"ratings-v1" in received and received.endswith(b"grpc:hello")


def test_a_permissive_port_takes_clear_text(mesh: Mesh):
    with Dialed(HERE, 9090, INBOUND).connect() as connection:
        connection.sendall(b"hello there\n")
        assert connection.recv(4096) == b"grpc:hello there\n"


@pytest.mark.parametrize("port", [9080, 8888])
def test_a_strict_port_takes_no_clear_text(mesh: Mesh, port):
    with Dialed(HERE, port, INBOUND).connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
        assert ended(connection)


@pytest.mark.parametrize("authority, status", [("authz.shop.svc.cluster.local", 200), ("authz:8000", 200), ("authz.shop", 200),
                                               ("reviews.shop.svc.cluster.local", 502), ("example.com", 502)])
def test_only_services_in_scope_are_called(mesh: Mesh, authority, status):
    """REGISTRY_ONLY."""
    assert mesh.get(mesh.app("127.0.4.3", 8000), "/", authority).status == status


@pytest.mark.parametrize("address", [("240.1.0.2", 9080), ("240.1.0.3", 9090), ("240.1.0.6", 27017), ("127.0.7.7", 8099)])
def test_other_addresses_are_a_black_hole(mesh: Mesh, address):
    with mesh.app(*address).connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
        assert ended(connection)


def test_the_database_is_in_scope(mesh: Mesh):
    with mesh.app("240.1.0.4", 5432).connect() as connection:
        connection.sendall(b"select")
        assert connection.recv(4096).startswith(b"db-v")


def ended(connection: socket.socket) -> bool:
    try:
        return connection.recv(4096) == b""
    except ConnectionResetError:
        return True
