"""A certificate authority and one ECDSA P-256 certificate for "localhost", made anew for each run."""
import datetime
import pathlib

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from peers import Tls


def _sign(subject, key, issuer, issuer_key, extension):
    now = datetime.datetime.now(datetime.timezone.utc)
    return (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=30)).add_extension(*extension)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False)
            .sign(issuer_key, hashes.SHA256()))


def make(folder):
    folder = pathlib.Path(folder)
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bench authority")])
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    ca = _sign(ca_name, ca_key, ca_name, ca_key, (x509.BasicConstraints(True, None), True))
    cert = _sign(name, key, ca_name, ca_key, (x509.BasicConstraints(False, None), True))
    cert_pem = cert.public_bytes(serialization.Encoding.PEM)
    key_pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                serialization.NoEncryption())
    files = {"cert.pem": cert_pem, "key.pem": key_pem, "both.pem": cert_pem + key_pem,
             "ca.pem": ca.public_bytes(serialization.Encoding.PEM)}
    for file, data in files.items():
        (folder / file).write_bytes(data)
    return Tls(cert=str(folder / "cert.pem"), key=str(folder / "key.pem"), both=str(folder / "both.pem"),
               ca=str(folder / "ca.pem"))
