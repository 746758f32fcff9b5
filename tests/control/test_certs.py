"""proa ca rotate and proa certs."""
import json
import subprocess

import pytest

from tests.control.test_certificates import Secure, ask, join, request
from tests.support import binaries, certs
from tests.support.deadline import wait_for
from tests.support.ports import Reservation
from tests.support.proxy import Proxy

pytestmark = pytest.mark.proa_only


def proa(*words) -> subprocess.CompletedProcess:
    return subprocess.run([binaries.proa(), *words], capture_output=True, text=True, timeout=30)


def roles(directory) -> list[str]:
    return [each["role"] for each in json.loads(proa("certs", "--ca", directory, "-o", "json").stdout)]


def test_a_root_is_rotated_under_a_control_plane_that_runs(tmp_path):
    secure = Secure(tmp_path)
    try:
        key, chain = join(secure)
        assert roles(secure.ca) == ["signs"]
        told = proa("ca", "rotate", "--ca", secure.ca)
        assert told.returncode == 0, told.stderr
        assert roles(secure.ca) == ["signs", "next"]
        told = proa("ca", "rotate", "--ca", secure.ca)
        assert told.returncode == 1 and "a rotation is under way" in told.stderr

        def both_are_told() -> bool:
            with secure.channel(key, chain) as channel:
                return len(ask(channel, request()[1])) == 3     # the leaf and two roots
        wait_for(both_are_told, "the new root to be told with each certificate")
    finally:
        secure.plane.stop()


def test_an_empty_folder_is_no_authority(tmp_path):
    assert "no authority is there" in proa("ca", "rotate", "--ca", tmp_path).stderr
    assert proa("certs", "--ca", tmp_path).returncode == 1
    assert not list(tmp_path.iterdir())
    assert proa("certs").returncode == 2


def listening(certificate: str, port: int) -> dict:
    paths = certs.paths()
    tls = {"common_tls_context": {
        "tls_certificates": [{"certificate_chain": {"filename": paths[f"{certificate}.crt"]},
                              "private_key": {"filename": paths[f"{certificate}.key"]}}],
        "validation_context": {"trusted_ca": {"filename": paths["ca.crt"]}}}}
    api = "type.googleapis.com/envoy.extensions"
    return {"static_resources": {"listeners": [{
        "name": "tls", "address": {"socket_address": {"address": "127.0.0.1", "port_value": port}},
        "filter_chains": [{
            "transport_socket": {"name": "tls", "typed_config": {
                "@type": f"{api}.transport_sockets.tls.v3.DownstreamTlsContext", **tls}},
            "filters": [{"name": "tcp", "typed_config": {
                "@type": f"{api}.filters.network.tcp_proxy.v3.TcpProxy", "stat_prefix": "t", "cluster": "none"}}]}]}],
        "clusters": [{"name": "none", "connect_timeout": "1s"}]}}


@pytest.mark.parametrize("kind", ["proa", "envoy"])
def test_certificates_of_a_proxy(kind, tmp_path):
    port = Reservation()
    port.release()
    proxy = Proxy(listening("client", port.port), tmp_path, kind)
    try:
        told = proa("certs", "--admin", f"127.0.0.1:{proxy.admin.port}", "-o", "json")
        assert told.returncode == 0, told.stderr
        own, trusted = json.loads(told.stdout)
        assert own["role"] == "own" and own["name"] == "spiffe://cluster.local/ns/default/sa/client"
        assert trusted["role"] == "trusted"
        table = proa("certs", "--admin", f"127.0.0.1:{proxy.admin.port}").stdout.splitlines()
        assert table[1].split()[4] in ("29d", "30d")
        assert "- of: " in proa("certs", "--admin", f"127.0.0.1:{proxy.admin.port}", "-o", "yaml").stdout
    finally:
        proxy.stop()
