"""proa sidecar run: certificates rotate under connections, and keys are nowhere but where they belong."""
import concurrent.futures
import ssl
import stat

import pytest

from tests.mesh.mesh import ONE_REQUEST, Control, Pair, Sidecar
from tests.support.certs import Authority
from tests.support.client import Dial
from tests.support.client_h1 import Http1Client
from tests.support.deadline import wait_for
from tests.support.origin import Origin
from tests.support.ports import Reservation

pytestmark = pytest.mark.proa_only


@pytest.mark.parametrize("kind", ["proa", "envoy"])
def test_certificates_rotate_under_new_connections(tmp_path, kind):
    pair = Pair(tmp_path, (kind, kind), flags=("--certificate-ttl-s", "6"))
    pair.control.write("one.yaml", ONE_REQUEST)      # each request has a handshake of its own
    try:
        pair.answer()
        started = [each.log().count(": certificate ") for each in (pair.a, pair.b)]
        statuses: list[int] = []

        def load() -> None:
            while min(each.log().count(": certificate ") - before
                      for each, before in zip((pair.a, pair.b), started)) < 4:
                statuses.append(pair.call().status)
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for each in [pool.submit(load) for _ in range(2)]:
                each.result(90)
        assert len(statuses) > 20
        assert set(statuses) == {200}
        handshakes = sum(pair.b.admin.stats("listener.*ssl.handshake").values())
        assert handshakes > len(statuses) / 2
    finally:
        pair.stop()


def test_a_secret_is_nowhere_but_with_who_needs_it(tmp_path):
    kept = tmp_path / "kept.pem"
    pair = Pair(tmp_path, flags=("-l", "debug"))
    try:
        pair.answer()
        run = pair.b.directory / "run"
        assert stat.S_IMODE(run.stat().st_mode) == 0o700
        assert stat.S_IMODE((run / "sds").stat().st_mode) == 0o600
        texts = [(run / "bootstrap.json").read_text(), pair.b.log(), pair.a.log(), pair.control.log(),
                 pair.b.admin.get("/config_dump?include_eds")[1], pair.b.admin.get("/certs")[1]]
        assert not any("PRIVATE KEY" in text or pair.b.token_file.read_text().strip() in text for text in texts)
        assert not kept.exists()
    finally:
        pair.stop()


ELSEWHERE = """
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {{name: elsewhere, namespace: shop}}
spec:
  hosts: [elsewhere.example.com]
  location: MESH_EXTERNAL
  ports: [{{number: {port}, name: http, protocol: HTTP}}]
  resolution: STATIC
  endpoints: [{{address: 127.0.0.1, ports: {{http: {origin}}}}}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {{name: elsewhere, namespace: shop}}
spec:
  host: elsewhere.example.com
  trafficPolicy:
    tls: {{mode: SIMPLE, caCertificates: {root}, sni: elsewhere.example.com, subjectAltNames: [elsewhere.example.com]}}
---
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {{name: a, namespace: shop}}
spec:
  workloadSelector: {{labels: {{app: a}}}}
  egress:
  - port: {{number: {port}, name: http, protocol: HTTP}}
    bind: 127.0.0.1
    hosts: ["./elsewhere.example.com"]
"""


@pytest.mark.parametrize("kind", ["proa", "envoy"])
def test_roots_in_files_are_secrets_too(tmp_path, kind):
    authority = Authority(tmp_path, "elsewhere-ca")
    certificate, key = authority.issue("elsewhere", dns=["elsewhere.example.com"])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    origin, port = Origin("elsewhere", tls=context), Reservation()
    control = Control(tmp_path / "mesh").start()
    control.write("elsewhere.yaml", ELSEWHERE.format(port=port.port, origin=origin.port, root=authority.path))
    port.release()
    sidecar = Sidecar(control, "a", "127.0.0.2", kind=kind, command=["sleep", "600"])
    try:
        sidecar.wait_log("sleep is process")

        def answer() -> str:
            with Http1Client(Dial(port.port)) as client:
                return client.request("GET", "/", [("host", "elsewhere.example.com")]).body.decode()
        wait_for(lambda: answer() == "elsewhere", "an answer over TLS")
    finally:
        sidecar.stop()
        control.stop()
        origin.stop()


def test_the_proxy_shows_the_certificate_of_its_workload(tmp_path):
    pair = Pair(tmp_path)
    try:
        pair.answer()
        shown = wait_for(lambda: pair.b.admin.json("/certs").get("certificates"), "certificates")
        names = [name["uri"] for each in shown for chain in each.get("cert_chain", [])
                 for name in chain.get("subject_alt_names", [])]
        assert set(names) == {"spiffe://cluster.local/ns/shop/sa/b"}
    finally:
        pair.stop()
