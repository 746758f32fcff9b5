"""Certificate files are read again when they change; no handshake fails, and a bad file keeps the old certificate."""
import os
from pathlib import Path

import pytest
from cryptography import x509

from tests.support.certs import Authority
from tests.support.client import Dial
from tests.support.client_h1 import Http1Client
from tests.support.deadline import wait_for
from tests.support.handshakes import Handshakes, served_serial, trusting

pytestmark = pytest.mark.proa_only
ROTATIONS = 50


class Files:
    """The certificate and key that the proxy reads, renewed by renaming new files over them."""

    def __init__(self, directory: Path):
        directory.mkdir()
        self.directory = directory
        self.authority = Authority(directory / "issued")
        self.renew(0)

    def renew(self, number: int) -> int:
        """The new certificate's serial number."""
        certificate, key = self.authority.issue(f"n{number}", dns=["server.test"])
        serial = x509.load_pem_x509_certificate(Path(certificate).read_bytes()).serial_number
        os.rename(certificate, self.directory / "tls.crt")
        os.rename(key, self.directory / "tls.key")
        return serial


@pytest.fixture
def files(tmp_path) -> Files:
    return Files(tmp_path / "certificates")


@pytest.fixture
def world(start, files):
    at = files.directory
    return start(f"""
listeners:
  main:
    tls:
      common_tls_context:
        tls_certificates:
        - {{certificate_chain: {{filename: {at}/tls.crt}}, private_key: {{filename: {at}/tls.key}}}}
""", concurrency=2)


@pytest.fixture
def dial(world, files) -> Dial:
    return Dial(world.port("main"), tls=trusting(files.authority.path), sni="server.test")


def test_fifty_rotations_under_load_fail_no_handshake(files, dial):
    with Handshakes(dial) as load:
        for number in range(1, ROTATIONS + 1):
            renewed = files.renew(number)
            wait_for(lambda: renewed in load.serials[-8:], f"rotation {number} to be served")
    assert load.failures == []
    assert len(set(load.serials)) >= ROTATIONS and load.done > ROTATIONS


def test_a_bad_file_keeps_the_old_certificate_and_says_so(world, files, dial):
    old = served_serial(dial)
    (files.directory / "tls.crt").write_text("this is no certificate")
    wait_for(lambda: "keeps the certificates it has" in world.proxy.program.log.read_text(), "the complaint in the log")
    assert "tls.crt" in world.proxy.program.log.read_text()
    with Handshakes(dial) as load:
        wait_for(lambda: load.done > 20, "handshakes")
    assert load.failures == [] and set(load.serials) == {old}
    renewed = files.renew(1)
    wait_for(lambda: served_serial(dial) == renewed, "the next good certificate")


def test_connections_outlive_the_certificate_they_began_with(files, dial):
    with Http1Client(dial) as client:
        assert client.request("GET", "/", [("host", "h")]).status == 200
        renewed = files.renew(1)
        wait_for(lambda: served_serial(dial) == renewed, "the new certificate")
        assert client.request("GET", "/", [("host", "h")]).status == 200
