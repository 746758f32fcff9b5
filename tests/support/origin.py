"""A programmable origin on a port of its own: HTTP/1.1, h2c, or both over TLS.

It records every request and every byte, and answers as `script` says. The
protocol is told from the first bytes (or ALPN), as a real dual server does.
"""
import asyncio
import ssl

from tests.support import reactor
from tests.support.deadline import wait_for
from tests.support.origin_h1 import Http1Session
from tests.support.origin_h2 import Http2Session
from tests.support.reply import Received, Reply, Script

H2_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


class Origin:
    """`name` is the default body and how scenarios say who answered."""

    def __init__(self, name: str, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1", port: int = 0,
                 h2_settings: dict | None = None, proxy_protocol: bool = False):
        self.name = name
        self.script: Script = lambda received: Reply()
        self.requests: list[Received] = []
        self.accepted = 0
        self.raw: dict[int, bytearray] = {}      # exact bytes by connection
        self.activity: list[int] = []            # connections in the order in which bytes came
        self.proxy_headers: list[bytes] = []     # PROXY headers taken off, if proxy_protocol
        self.h2_settings = h2_settings or {}
        self.proxy_protocol = proxy_protocol
        self._sessions: set[_Connection] = set()
        self._server = reactor.run(self._listen(host, port, tls))
        self.host, self.port = self._server.sockets[0].getsockname()[:2]

    async def _listen(self, host: str, port: int, tls: ssl.SSLContext | None) -> asyncio.AbstractServer:
        return await reactor.loop().create_server(lambda: _Connection(self), host, port, ssl=tls, backlog=1024)

    def reset(self, script: Script | None = None) -> None:
        """Forgets what was recorded and takes a new script; connections stay."""
        self.requests, self.proxy_headers, self.activity = [], [], []
        self.script = script or (lambda received: Reply())

    def wait_requests(self, count: int, seconds: float = 5.0) -> list[Received]:
        """Waits until `count` requests have been received completely."""
        wait_for(lambda: sum(r.complete for r in self.requests) >= count, f"{count} requests at {self.name}", seconds)
        return self.requests

    def open_connections(self) -> int:
        return len(self._sessions)

    def close_connections(self) -> None:
        """Ends every connection, as a restarting server does."""
        async def close() -> None:
            for session in list(self._sessions):
                session.transport.close()
        reactor.run(close())

    def stop(self) -> None:
        async def stop() -> None:
            self._server.close()
            for session in list(self._sessions):
                session.transport.abort()
        reactor.run(stop())


class _Connection(asyncio.Protocol):
    """Sniffs the protocol, then hands all bytes to that protocol's session."""

    def __init__(self, origin: Origin):
        self.origin = origin
        self.session: Http1Session | Http2Session | None = None
        self._start = b""

    def connection_made(self, transport: asyncio.Transport) -> None:
        self.transport = transport
        self.number = self.origin.accepted
        self.origin.accepted += 1
        self.origin.raw[self.number] = bytearray()
        self.origin._sessions.add(self)
        self._needs_proxy_header = self.origin.proxy_protocol
        self.tls = _tls_facts(transport)

    def data_received(self, data: bytes) -> None:
        self.origin.raw[self.number] += data
        self.origin.activity.append(self.number)
        if self.session:
            self.session.received(data)
            return
        self._start += data
        if self._needs_proxy_header and not self._take_proxy_header():
            return
        if self._start.startswith(H2_PREFACE):
            self.session = Http2Session(self)
        elif not H2_PREFACE.startswith(self._start[:len(H2_PREFACE)]) or not self._start:
            self.session = Http1Session(self)
        if self.session and self._start:
            self.session.received(self._start)

    def _take_proxy_header(self) -> bool:
        data = self._start
        if data.startswith(b"PROXY "):
            end = data.find(b"\r\n") + 2
        elif len(data) >= 16:
            end = 16 + int.from_bytes(data[14:16], "big")
        else:
            return False
        if end < 2 or len(data) < end:
            return False
        self.origin.proxy_headers.append(data[:end])
        self._start, self._needs_proxy_header = data[end:], False
        return bool(self._start)

    def pause_writing(self) -> None:
        if self.session:
            self.session.paused = True

    def resume_writing(self) -> None:
        if self.session:
            self.session.paused = False
            self.session.resumed()

    def eof_received(self) -> bool:
        return bool(self.session and self.session.half_closed())

    def connection_lost(self, error: Exception | None) -> None:
        self.origin._sessions.discard(self)
        if self.session:
            self.session.lost(error)

    def record(self, received: Received) -> None:
        received.where, received.connection, received.tls = self.origin.name, self.number, self.tls
        self.origin.requests.append(received)


def _tls_facts(transport: asyncio.Transport) -> dict | None:
    session = transport.get_extra_info("ssl_object")
    if session is None:
        return None
    return {"alpn": session.selected_alpn_protocol(), "version": session.version(),
            "sni": getattr(session, "proa_sni", None), "peer": session.getpeercert(binary_form=True)}
