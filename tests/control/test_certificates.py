"""proa control --ca: certificates over Istio's service, and who may read what over mTLS."""
import stat
import subprocess

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.control.plane import Plane
from tests.control.test_grpc import Stream
from tests.support import binaries
from tests.support.certs import Authority
from tests.support.ports import Reservation
from tests.support.protobuf_wire import encode
from tests.xds import api
from tests.xds.control_plane import REQUEST
from tests.xds.world import cluster

pytestmark = pytest.mark.proa_only

METHOD = "/istio.v1.auth.IstioCertificateService/CreateCertificate"
SHOP = "spiffe://cluster.local/ns/default/sa/shop"


class Secure:
    def __init__(self, directory):
        self.ca = directory / "ca"
        self.port = Reservation()
        self.plane = Plane(directory, ("--ca", str(self.ca), "--secure-xds", f"127.0.0.1:{self.port.port}"))
        self.plane.write("one.yaml", (api.CLUSTER, cluster("one")))
        self.port.release()
        self.plane.start()

    @property
    def roots(self) -> bytes:
        return (self.ca / "root-cert.pem").read_bytes()

    def token(self, account: str = "shop", *more: str) -> str:
        return subprocess.run([binaries.proa(), "token", "--ca", self.ca, "--service-account", account, *more],
                              check=True, capture_output=True, text=True, timeout=20).stdout.strip()

    def channel(self, key: bytes | None = None, chain: bytes | None = None) -> grpc.Channel:
        credentials = grpc.ssl_channel_credentials(self.roots, key, chain)
        return grpc.secure_channel(f"127.0.0.1:{self.port.port}", credentials,
                                   options=[("grpc.ssl_target_name_override", "istiod.istio-system.svc")])


@pytest.fixture
def secure(tmp_path):
    made = Secure(tmp_path)
    yield made
    made.plane.stop()


def request(names: list[str] = ()) -> tuple[bytes, bytes]:
    """(key, certificate request), in PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    builder = x509.CertificateSigningRequestBuilder().subject_name(
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "whoever")]))
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(
            [x509.UniformResourceIdentifier(name) for name in names]), critical=False)
    pem = serialization.Encoding.PEM
    return (key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
            builder.sign(key, hashes.SHA256()).public_bytes(pem))


def ask(channel: grpc.Channel, csr: bytes, seconds: int = 3600, token: str | None = None) -> list[bytes]:
    """The chain, leaf first."""
    body = encode({1: csr, 3: seconds})
    metadata = [("authorization", f"Bearer {token}")] if token else []
    answer = channel.unary_unary(METHOD)(body, metadata=metadata, timeout=10)
    end = b"-----END CERTIFICATE-----\n"
    return [part[part.index(b"-----BEGIN"):] + end for part in answer.split(end)[:-1]]


def refused(channel: grpc.Channel, csr: bytes, token: str | None = None) -> grpc.StatusCode:
    with pytest.raises(grpc.RpcError) as error:
        ask(channel, csr, token=token)
    return error.value.code()


def identities(pem: bytes) -> list[str]:
    names = x509.load_pem_x509_certificate(pem).extensions.get_extension_for_class(x509.SubjectAlternativeName)
    return names.value.get_values_for_type(x509.UniformResourceIdentifier)


def join(secure: Secure, account: str = "shop") -> tuple[bytes, bytes]:
    """(key, chain) of a host that has joined."""
    key, csr = request()
    with secure.channel() as channel:
        return key, b"".join(ask(channel, csr, token=secure.token(account)))


def test_keys_are_private(secure):
    assert stat.S_IMODE((secure.ca / "ca-key.pem").stat().st_mode) == 0o600
    assert stat.S_IMODE(secure.ca.stat().st_mode) == 0o700


def test_a_token_gives_one_certificate_of_its_identity(secure):
    key, csr = request(["spiffe://cluster.local/ns/kube-system/sa/admin"])
    token = secure.token()
    with secure.channel() as channel:
        chain = ask(channel, csr, 600, token)
        assert refused(channel, csr, token) == grpc.StatusCode.UNAUTHENTICATED
    assert identities(chain[0]) == [SHOP], "not what the request says"
    leaf, root = (x509.load_pem_x509_certificate(pem) for pem in (chain[0], chain[-1]))
    leaf.verify_directly_issued_by(root)
    assert chain[-1] == secure.roots
    assert (leaf.not_valid_after_utc - leaf.not_valid_before_utc).total_seconds() == 600 + 300


def test_who_has_no_token_gets_nothing(secure):
    _, csr = request()
    with secure.channel() as channel:
        assert refused(channel, csr) == grpc.StatusCode.UNAUTHENTICATED
        assert refused(channel, csr, "0" * 64) == grpc.StatusCode.UNAUTHENTICATED
        assert refused(channel, b"nonsense", secure.token()) == grpc.StatusCode.INVALID_ARGUMENT
    with secure.plane.channel() as channel:
        assert refused(channel, csr, secure.token()) == grpc.StatusCode.UNAUTHENTICATED, "clear text"


def test_a_certificate_renews_itself(secure):
    key, chain = join(secure)
    _, csr = request()
    with secure.channel(key, chain) as channel:
        assert identities(ask(channel, csr)[0]) == [SHOP]


def stream_status(channel: grpc.Channel, **metadata: str) -> grpc.StatusCode:
    """OK when the stream is served."""
    stream = Stream(channel)
    message = api.new(REQUEST, type_url=api.CLUSTER)
    message.node.id = "by-hand"
    for name, value in metadata.items():
        message.node.metadata[name] = value
    stream.requests.put(message.SerializeToString())
    try:
        stream.next()
    except grpc.RpcError as error:
        return error.code()
    finally:
        stream.requests.put(None)
    return grpc.StatusCode.OK


def test_a_proxy_is_served_as_itself_only(secure):
    with secure.channel(*join(secure)) as channel:
        assert stream_status(channel) == grpc.StatusCode.OK
        assert stream_status(channel, NAMESPACE="default", SERVICE_ACCOUNT="shop") == grpc.StatusCode.OK
        assert stream_status(channel, NAMESPACE="other") == grpc.StatusCode.PERMISSION_DENIED
        assert stream_status(channel, SERVICE_ACCOUNT="cart") == grpc.StatusCode.PERMISSION_DENIED
    with secure.channel() as channel:
        assert stream_status(channel) == grpc.StatusCode.PERMISSION_DENIED, "no certificate"


def test_certificates_of_another_authority_are_refused(secure, tmp_path):
    strangers = Authority(tmp_path, "strangers")
    chain, key = strangers.issue("stranger", uris=[SHOP])
    with secure.channel(open(key, "rb").read(), open(chain, "rb").read()) as channel:
        assert stream_status(channel) == grpc.StatusCode.UNAVAILABLE


def test_the_authority_outlives_the_process(secure):
    before = secure.roots
    key, chain = join(secure)
    assert secure.plane.stop() == 0
    secure.plane.start()
    assert secure.roots == before
    with secure.channel(key, chain) as channel:
        assert stream_status(channel) == grpc.StatusCode.OK
