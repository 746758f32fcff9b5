"""A small certificate authority, made anew for each run: nothing to expire in the repository."""
import datetime
import functools
import ipaddress
import ssl
import tempfile
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


class Authority:
    """Issues certificates into `directory` as NAME.crt, NAME.key; its own is ca.crt."""

    def __init__(self, directory: Path, name: str = "ca"):
        self.directory = Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"test {name}")])
        certificate = self._builder(self._name, self._key.public_key(), 3650).add_extension(
            x509.BasicConstraints(ca=True, path_length=None), critical=True).add_extension(
            x509.KeyUsage(True, False, False, False, False, True, True, False, False), critical=True).sign(
            self._key, hashes.SHA256())
        self.path = self._write(f"{name}.crt", certificate.public_bytes(serialization.Encoding.PEM))

    def _builder(self, subject: x509.Name, public_key, days: int) -> x509.CertificateBuilder:
        now = datetime.datetime.now(datetime.timezone.utc)
        return (x509.CertificateBuilder().subject_name(subject).issuer_name(self._name).public_key(public_key)
                .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=1))
                .not_valid_after(now + datetime.timedelta(days=days)))

    def issue(self, name: str, dns: list[str] = (), uris: list[str] = (), ips: list[str] = (),
              days: int = 30, organization: str = "Proa tests") -> tuple[str, str]:
        """Paths of a new certificate and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization),
                             x509.NameAttribute(NameOID.COMMON_NAME, name)])
        names = ([x509.DNSName(n) for n in dns] + [x509.UniformResourceIdentifier(u) for u in uris]
                 + [x509.IPAddress(ipaddress.ip_address(i)) for i in ips])
        builder = self._builder(subject, key.public_key(), days).add_extension(
            x509.BasicConstraints(ca=False, path_length=None), critical=True).add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        certificate = builder.sign(self._key, hashes.SHA256())
        key_pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                    serialization.NoEncryption())
        path = self._write(f"{name}.crt", certificate.public_bytes(serialization.Encoding.PEM))
        return path, self._write(f"{name}.key", key_pem)

    def _write(self, name: str, data: bytes) -> str:
        path = self.directory / name
        path.write_bytes(data)
        path.chmod(0o600)
        return str(path)


@functools.cache
def shared() -> Authority:
    """One authority per test process, with the certificates that most tests use."""
    holder = tempfile.TemporaryDirectory(prefix="proa-certs-")
    authority = Authority(Path(holder.name))
    authority.holder = holder                       # lives as long as the authority
    authority.issue("server", dns=["server.test", "*.wild.test", "localhost"], ips=["127.0.0.1"])
    authority.issue("other", dns=["other.test"])
    authority.issue("client", dns=["client.test"], uris=["spiffe://cluster.local/ns/default/sa/client"])
    authority.issue("expired", dns=["server.test"], days=0)
    stranger = Authority(Path(holder.name), "stranger-ca")
    stranger.issue("stranger", dns=["client.test"])
    return authority


def paths() -> dict[str, str]:
    """File name to path, for placeholders in configurations."""
    directory = shared().directory
    return {path.name: str(path) for path in directory.iterdir()}


def server_context(name: str = "server", alpn: list[str] | None = None, client_ca: bool = False) -> ssl.SSLContext:
    """For origins. The SNI that came is kept on the session, where the origin reads it."""
    files = paths()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files[f"{name}.crt"], files[f"{name}.key"])
    context.set_alpn_protocols(alpn or ["h2", "http/1.1"])
    context.sni_callback = lambda session, sni, _: setattr(session, "proa_sni", sni)
    if client_ca:
        context.load_verify_locations(files["ca.crt"])
        context.verify_mode = ssl.CERT_OPTIONAL
    return context


def client_context(name: str | None = None, alpn: list[str] | None = None, verify: bool = False) -> ssl.SSLContext:
    files = paths()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if verify:
        context.load_verify_locations(files["ca.crt"])
        context.verify_mode = ssl.CERT_REQUIRED
    if name:
        context.load_cert_chain(files[f"{name}.crt"], files[f"{name}.key"])
    if alpn:
        context.set_alpn_protocols(alpn)
    return context
