#!/usr/bin/env python3
"""certificates.py FOLDER: an authority (ca.crt), server.crt for localhost, client.crt for a workload, each with .key.

Good for a day. stranger.crt is signed by an authority that nobody trusts.
"""
import datetime
import pathlib
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def make(subject, issuer, issuer_key, names=(), authority=False):
    """A new key and a certificate for it; with no issuer_key it signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = (x509.CertificateBuilder().subject_name(name(subject)).issuer_name(name(issuer))
               .public_key(key.public_key()).serial_number(x509.random_serial_number())
               .not_valid_before(now - datetime.timedelta(hours=1)).not_valid_after(now + datetime.timedelta(days=1))
               .add_extension(x509.BasicConstraints(authority, None), True))
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), False)
    return key, builder.sign(issuer_key or key, hashes.SHA256())


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    ca_key, ca = make("example authority", "example authority", None, authority=True)
    other_key, _ = make("nobody", "nobody", None, authority=True)
    localhost = [x509.DNSName("localhost")]
    workload = [x509.UniformResourceIdentifier("spiffe://cluster.local/ns/default/sa/client")]
    made = {"ca": (ca_key, ca), "server": make("localhost", "example authority", ca_key, localhost),
            "client": make("client", "example authority", ca_key, workload),
            "stranger": make("stranger", "nobody", other_key, workload)}
    for file, (key, certificate) in made.items():
        (folder / f"{file}.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        (folder / f"{file}.key").write_bytes(key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))


if __name__ == "__main__":
    main()
