"""A proxy beside one of the workloads, the other workloads, and those who call."""
from dataclasses import dataclass
from pathlib import Path

from tests.istiod import namespace
from tests.istiod.agent import Agent, Identity, pair, roots
from tests.istiod.backends import EchoServer, http_origin, mesh_client, mesh_server
from tests.istiod.capture import capture
from tests.istiod.namespace import INBOUND, OUTBOUND, Namespace
from tests.istiod.tokens import Issuer
from tests.support.certs import Authority
from tests.support.client import Response
from tests.support.client_h1 import Http1Client
from tests.support.client_h2 import Http2Client
from tests.support.http1_parse import Headers
from tests.support.origin import Origin

CERTIFICATES = "/etc/proa/certs"     # the placeholder in the captures
OLD_KEY = ("rG5Da866iMk9HIGFVHIDEEdJ40CeD6HtlCvBrEG4jhQbhsvhvjaxI7vnc6KwPxxW4vaSb0MwlwOMj6lTlEwpF-S8NeTWS-yeTNxqmhA9"
           "qIk9n-GQ4b4MP5gBySKBBsZUoIy7b2dgDTvi_SoQfEAWTXwOOaq_K4JzxBLJXVQLobZChLQK-LGQ52tnQcWhVFp1qHT-VtIw4mOA5zpatBbj"
           "3CUhzOn1aWU_OKQr6Vbuz4y6V9M8MFoPGtxS7Uy8kwa9OdiYJk7WV_bUdewc-jTNUUB-MHiuHC6XIINDE6DKOs8KTejT5-qO1yUDw99O5hHX"
           "4I6Y0YGa1tfwY79hoMPyFQ")


@dataclass
class Dialed:
    """A connection to `host` and `port`, marked as an application's or the network's; perhaps TLS."""
    host: str
    port: int
    mark: int = OUTBOUND
    source: str = "127.0.0.1"
    tls: object = None
    sni: str | None = None

    def connect(self):
        plain = namespace.connect(self.host, self.port, self.mark, self.source)
        return self.tls.wrap_socket(plain, server_hostname=self.sni) if self.tls else plain


class Mesh:
    """In a network of its own. `name`: whose capture the proxy gets."""

    def __init__(self, directory: Path, name: str, api_type: str):
        self.namespace = Namespace().__enter__()
        try:
            self.authority = Authority(directory / "mesh", "mesh-ca")
            self.identities = {who: Identity(self.authority, who)
                               for who in ("productpage", "reviews", "ratings", "gw", "stranger")}
            self.identities["bad"] = Identity(self.authority, "reviews-bad", namespace="bad")
            self.issuer = Issuer()
            self.backends: dict[str, Origin | EchoServer] = {}
            edge = Authority(directory / "edge", "gw-ca")
            self.edge = edge
            cert, key = edge.issue("gw", dns=["*.example.com", "shop.example.com"])
            secrets = [pair(f"file-cert:{CERTIFICATES}/gw.pem~{CERTIFICATES}/gw.key", cert, key),
                       roots(f"file-root:{CERTIFICATES}/gw-ca.pem", edge.path)]
            account = {"gateway": "gw"}.get(name, name)
            self.agent = Agent(directory / "agent", capture(name), self.identities[account], api_type,
                               {OLD_KEY: self.issuer.modulus()}, secrets)
            self._start_backends()
            self.proxy = self.agent.start()
        except BaseException:
            self.namespace.__exit__()
            raise

    def _start_backends(self) -> None:
        reviews = mesh_server(self.identities["reviews"], ["istio-h2"])
        ratings = mesh_server(self.identities["ratings"], ["istio-http/1.1"])
        for version in (1, 2, 3):
            self.backends[f"reviews-v{version}"] = http_origin(f"reviews-v{version}", f"127.0.2.{version}", 9080, reviews)
        for number in (1, 2):
            self.backends[f"ratings-v{number}"] = http_origin(f"ratings-v{number}", f"127.0.3.{number}", 9080, ratings)
            self.backends[f"db-v{number}"] = EchoServer(f"db-v{number}", f"127.0.4.{number}", 5432)
        self.backends["auto"] = EchoServer("auto", "127.0.4.9", 7000)
        self.backends["mongo"] = EchoServer("mongo", "127.0.4.6", 27017)
        self.backends["elsewhere"] = http_origin("elsewhere", "127.0.7.7", 8099)

    def add(self, name: str, backend) -> None:
        self.backends[name] = backend

    # Who calls.

    def app(self, host: str, port: int) -> Dialed:
        """The application beside the proxy calls a service's address."""
        return Dialed(host, port)

    def peer(self, who: str | None, host: str, port: int, alpn: tuple[str, ...] = ("istio-http/1.1", "istio", "http/1.1"),
             source: str = "127.0.0.1") -> Dialed:
        """Another workload's proxy calls the workload beside this one; None: one without a certificate."""
        identity = self.identities[who] if who else None
        tls = mesh_client(identity, self.authority.path, list(alpn))
        return Dialed(host, port, INBOUND, source, tls, "outbound_.9080_._.x")

    @staticmethod
    def get(dialed, path: str, authority: str, *headers: tuple[str, str], method: str = "GET",
            body: bytes = b"") -> Response:
        with Http1Client(dialed) as client:
            return client.request(method, path, [("host", authority), *headers], body=body)

    @staticmethod
    def get_h2(dialed, path: str, authority: str, headers: Headers = ()) -> Response:
        with Http2Client(dialed) as client:
            return client.request("GET", path, headers, authority=authority)

    def requests_at(self, name: str) -> list:
        return self.backends[name].requests

    def stat(self, pattern: str) -> dict[str, int]:
        return self.proxy.admin.stats(pattern)

    def metrics(self, name: str) -> list[tuple[dict[str, str], float]]:
        """Labels and value of each series of that name, as Prometheus gets it."""
        series = []
        for line in self.proxy.admin.get("/stats/prometheus?usedonly")[1].splitlines():
            if not line.startswith(name + "{"):
                continue
            labels, _, value = line[len(name) + 1:].rpartition("} ")
            pairs = dict(part.split("=", 1) for part in labels.split('",') if "=" in part)
            series.append(({key: text.strip('"') for key, text in pairs.items()}, float(value)))
        return series

    def stop(self) -> None:
        try:
            self.agent.stop()
            for backend in self.backends.values():
                backend.stop()
        finally:
            self.namespace.__exit__()
