"""proa sidecar run: two workloads whose proxies speak mTLS with each other, from a join token to the last connection."""
import socket

import pytest

from tests.mesh.mesh import Pair

pytestmark = pytest.mark.proa_only


@pytest.fixture(params=["proa-proa", "envoy-envoy", "proa-envoy"])
def pair(request, tmp_path):
    made = Pair(tmp_path, tuple(request.param.split("-")))
    yield made
    made.stop()


def test_calls_are_of_proven_identities(pair):
    answer = pair.answer()
    assert answer["name"] == "b"
    forwarded = answer["headers"]["x-forwarded-client-cert"]
    assert "URI=spiffe://cluster.local/ns/shop/sa/a" in forwarded
    assert "By=spiffe://cluster.local/ns/shop/sa/b" in forwarded


def test_clear_text_is_not_let_in(pair):
    pair.answer()
    with socket.create_connection(("127.0.0.3", pair.inbound.port), 5) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\nhost: b\r\n\r\n")
        try:
            assert plain.recv(100) == b""
        except ConnectionResetError:
            pass
