"""The workloads that the captures' endpoints are, at their own addresses."""
import asyncio
import ssl

from tests.istiod.agent import Identity
from tests.support import reactor
from tests.support.origin import Origin


def mesh_server(identity: Identity, alpn: list[str]) -> ssl.SSLContext:
    """A workload whose proxy wants a client of the mesh."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(identity.certificate, identity.key)
    context.load_verify_locations(identity.roots)
    context.verify_mode = ssl.CERT_REQUIRED
    context.set_alpn_protocols(alpn)
    context.sni_callback = lambda session, sni, _: setattr(session, "proa_sni", sni)
    return context


def mesh_client(identity: Identity | None, roots: str, alpn: list[str]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.load_verify_locations(roots)
    if identity:
        context.load_cert_chain(identity.certificate, identity.key)
    context.set_alpn_protocols(alpn)
    return context


class EchoServer:
    """Bytes come back after the server's name; `seen` has those of each connection."""

    def __init__(self, name: str, host: str, port: int, tls: ssl.SSLContext | None = None):
        self.name, self.seen = name, []
        self._server = reactor.run(self._listen(host, port, tls))

    async def _listen(self, host: str, port: int, tls: ssl.SSLContext | None) -> asyncio.AbstractServer:
        return await asyncio.start_server(self._serve, host, port, ssl=tls)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen = bytearray()
        self.seen.append(seen)
        try:
            while data := await reader.read(65536):
                seen += data
                writer.write(self.name.encode() + b":" + data)
                await writer.drain()
        except ConnectionError:
            pass
        writer.close()

    def stop(self) -> None:
        async def close() -> None:
            self._server.close()
        reactor.run(close())


def http_origin(name: str, host: str, port: int, tls: ssl.SSLContext | None = None) -> Origin:
    return Origin(name, tls, host, port)
