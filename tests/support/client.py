"""What every client of the tests shares: the response as data, and the socket."""
import socket
import ssl
from dataclasses import dataclass, field

from tests.support.http1_parse import Headers


@dataclass
class Response:
    """One answer as the client saw it. `end` says how it ended:
    "complete", "closed" (orderly, mid-message), "reset", "reset(CODE)", "timeout"."""
    status: int = 0
    headers: Headers = field(default_factory=list)
    body: bytes = b""
    trailers: Headers = field(default_factory=list)
    interim: list[tuple[int, Headers]] = field(default_factory=list)
    end: str = "complete"
    line: str = ""                       # HTTP/1: the status line

    def header(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]


@dataclass
class Dial:
    """How to reach a listener: address, local address, bytes before TLS, TLS."""
    port: int
    host: str = "127.0.0.1"
    source: str | None = None            # local address, to be another client
    before: bytes = b""                  # a PROXY header, for example
    tls: ssl.SSLContext | None = None
    sni: str | None = None
    seconds: float = 5.0

    def connect(self) -> socket.socket:
        local = (self.source, 0) if self.source else None
        plain = socket.create_connection((self.host, self.port), self.seconds, source_address=local)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.before:
            plain.sendall(self.before)
        if self.tls is None:
            return plain
        try:
            return self.tls.wrap_socket(plain, server_hostname=self.sni)
        except OSError:
            plain.close()
            raise


def receive(connection: socket.socket, size: int = 65536) -> bytes:
    """Bytes, or b"" at the orderly end; raises ConnectionResetError and TimeoutError as usual.
    A TLS peer that closes without close_notify counts as an orderly end."""
    try:
        return connection.recv(size)
    except (ssl.SSLEOFError, ssl.SSLZeroReturnError):
        return b""
    except ssl.SSLError as error:
        raise ConnectionResetError(f"TLS: {error}") from None
