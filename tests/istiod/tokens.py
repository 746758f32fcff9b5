"""A key that stands in for the issuer's of the world, and tokens that it signs."""
import base64
import json
import time

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

ISSUER = "https://issuer.example.com"


def url64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Issuer:
    def __init__(self):
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def modulus(self) -> str:
        return url64(self._key.public_key().public_numbers().n.to_bytes(256, "big"))

    def token(self, algorithm: str = "RS256", **claims: object) -> str:
        payload = {"iss": ISSUER, "sub": "jane", "aud": "shop", "exp": int(time.time()) + 600, **claims}
        payload = {name: value for name, value in payload.items() if value is not None}
        head = url64(json.dumps({"alg": algorithm, "kid": "k1"}).encode())
        signed = f"{head}.{url64(json.dumps(payload).encode())}"
        signature = self._key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{signed}.{url64(signature)}"
