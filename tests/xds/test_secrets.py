"""Certificates by name: they come, are renewed, and a bad one keeps the old."""
from pathlib import Path

import pytest
from cryptography import x509

from tests.support.certs import Authority
from tests.support.client import Dial
from tests.support.client_h1 import Http1Client
from tests.support.deadline import wait_for
from tests.support.handshakes import Handshakes, served_serial, trusting
from tests.support.scale import scaled
from tests.xds import api
from tests.xds.world import ADS_SOURCE, listener

ROTATIONS = scaled(30, whole=1000)
TLS = api.PREFIX + "envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext"


class Issuer:
    def __init__(self, directory: Path):
        self.authority = Authority(directory)

    def secret(self, number: int) -> tuple[dict, int]:
        """The secret "server" with a new certificate, and its serial number."""
        certificate, key = (Path(path).read_text() for path in self.authority.issue(f"n{number}", dns=["server.test"]))
        serial = x509.load_pem_x509_certificate(certificate.encode()).serial_number
        return {"name": "server", "tls_certificate": {"certificate_chain": {"inline_string": certificate},
                                                      "private_key": {"inline_string": key}}}, serial

    def roots(self) -> dict:
        return {"name": "roots", "validation_context": {
            "trusted_ca": {"inline_string": Path(self.authority.path).read_text()}}}


@pytest.fixture
def issuer(tmp_path) -> Issuer:
    return Issuer(tmp_path / "issued")


@pytest.fixture
def dial(world, issuer) -> Dial:
    return world.dial(tls=trusting(issuer.authority.path), sni="server.test")


def serve_tls(world, **context: object) -> None:
    world.serve_one()
    names = [{"name": "server", "sds_config": ADS_SOURCE}]
    socket = {"name": "envoy.transport_sockets.tls", "typed_config": {
        "@type": TLS, "common_tls_context": {"tls_certificate_sds_secret_configs": names, **context},
        "require_client_certificate": bool(context)}}
    world.control.set(api.LISTENER, listener("main", world.ports["main"].port, "r", transport_socket=socket))


def test_a_listener_waits_for_its_certificate_and_takes_new_ones(world, issuer, dial):
    serve_tls(world)
    world.start(wait=False)
    world.control.wait_answer(api.LISTENER, "1")
    assert world.answered_by() == ""
    secret, first = issuer.secret(0)
    world.control.set(api.SECRET, secret)
    wait_for(lambda: world.proxy.admin.ready(), "the proxy to be live")
    assert served_serial(dial) == first
    secret, second = issuer.secret(1)
    version = world.control.set(api.SECRET, secret)
    assert world.control.wait_answer(api.SECRET, version).error == ""
    wait_for(lambda: served_serial(dial) == second, "the new certificate")


def test_rotations_under_load_fail_no_handshake(world, issuer, dial):
    serve_tls(world)
    world.control.set(api.SECRET, issuer.secret(0)[0])
    world.start()
    with Handshakes(dial) as load:
        for number in range(1, ROTATIONS + 1):
            secret, serial = issuer.secret(number)
            world.control.set(api.SECRET, secret)
            wait_for(lambda: served_serial(dial) == serial, f"certificate {number}")
    assert load.failures == []


def test_a_bad_secret_is_refused_and_the_old_one_stays(world, issuer, dial):
    serve_tls(world)
    secret, serial = issuer.secret(0)
    world.control.set(api.SECRET, secret)
    proxy = world.start()
    other, _ = issuer.secret(1)
    other["tls_certificate"]["private_key"] = secret["tls_certificate"]["private_key"]
    version = world.control.set(api.SECRET, other)
    error = world.control.wait_answer(api.SECRET, version).error
    assert error, "a key that does not fit"
    assert "PRIVATE KEY" not in error
    assert served_serial(dial) == serial
    dump = proxy.admin.get("/config_dump")[1]
    assert "server" in dump and "BEGIN EC PRIVATE" not in dump and "BEGIN PRIVATE" not in dump


def test_roots_by_name_judge_clients(world, issuer, tmp_path):
    serve_tls(world, validation_context_sds_secret_config={"name": "roots", "sds_config": ADS_SOURCE})
    world.control.set(api.SECRET, issuer.secret(0)[0], issuer.roots())
    world.start()
    certificate, key = issuer.authority.issue("client", dns=["client.test"])
    known = trusting(issuer.authority.path)
    known.load_cert_chain(certificate, key)
    with Http1Client(world.dial(tls=known, sni="server.test")) as client:
        assert client.request("GET", "/", [("host", "test")]).body == b"a"
    stranger = Authority(tmp_path / "stranger", "stranger")
    unknown = trusting(issuer.authority.path)
    unknown.load_cert_chain(*stranger.issue("client", dns=["client.test"]))
    assert not answered(world.dial(tls=unknown, sni="server.test"))


def answered(dial: Dial) -> bool:
    try:
        with Http1Client(dial) as client:
            return client.request("GET", "/", [("host", "test")]).status == 200
    except OSError:
        return False
