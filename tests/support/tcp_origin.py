"""A raw TCP server: records exact bytes, answers by script. For tcp_proxy, and
for upstreams that speak no protocol at all."""
import asyncio
import socket
import struct
from dataclasses import dataclass, field

from tests.support import reactor


@dataclass
class Manners:
    """How the server behaves on each connection."""
    banner: bytes = b""                  # sent at accept
    echo: bool = True                    # send back what arrives
    reply: bytes | None = None           # instead of echo: once, after the first bytes
    close_after: int | None = None       # close when this many bytes came (0: at accept)
    reset_after: int | None = None
    farewell: bytes = b""                # sent when the peer half-closes
    stop_reading: bool = False           # never read (for back-pressure)


@dataclass
class Recorded:
    data: bytearray = field(default_factory=bytearray)
    half_closed: bool = False
    ended: bool = False


class TcpOrigin:
    def __init__(self, name: str = "tcp", manners: Manners | None = None):
        self.name = name
        self.manners = manners or Manners()
        self.connections: list[Recorded] = []
        self._protocols: set[_Peer] = set()
        self._server = reactor.run(self._listen())
        self.port = self._server.sockets[0].getsockname()[1]

    async def _listen(self) -> asyncio.AbstractServer:
        return await reactor.loop().create_server(lambda: _Peer(self), "127.0.0.1", 0)

    def reset(self, manners: Manners | None = None) -> None:
        self.manners, self.connections = manners or Manners(), []

    def stop(self) -> None:
        async def stop() -> None:
            self._server.close()
            for peer in list(self._protocols):
                peer.transport.abort()
        reactor.run(stop())


class _Peer(asyncio.Protocol):
    def __init__(self, origin: TcpOrigin):
        self.origin, self.manners = origin, origin.manners
        self.seen = Recorded()

    def connection_made(self, transport: asyncio.Transport) -> None:
        self.transport = transport
        self.origin.connections.append(self.seen)
        self.origin._protocols.add(self)
        if self.manners.banner:
            transport.write(self.manners.banner)
        if self.manners.stop_reading:
            transport.pause_reading()
        self._maybe_end()

    def data_received(self, data: bytes) -> None:
        first = not self.seen.data
        self.seen.data += data
        if self.manners.reply is not None:
            if first:
                self.transport.write(self.manners.reply)
        elif self.manners.echo:
            self.transport.write(data)
        self._maybe_end()

    def _maybe_end(self) -> None:
        size = len(self.seen.data)
        if self.manners.close_after is not None and size >= self.manners.close_after:
            self.transport.close()
        elif self.manners.reset_after is not None and size >= self.manners.reset_after:
            self.transport.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.transport.abort()

    def eof_received(self) -> bool:
        self.seen.half_closed = True
        if self.manners.farewell:
            self.transport.write(self.manners.farewell)
        return False

    def connection_lost(self, _: Exception | None) -> None:
        self.seen.ended = True
        self.origin._protocols.discard(self)
