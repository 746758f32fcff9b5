"""The HTTP/1 half of the programmable origin: reads a request, answers as told."""
import asyncio
import socket
import struct

from tests.support import reactor
from tests.support.http1_parse import ChunkedReader, content_length, is_chunked, parse_head, values
from tests.support.reply import Received, Reply

REASONS = {100: "Continue", 101: "Switching Protocols", 103: "Early Hints", 200: "OK", 204: "No Content",
           301: "Moved Permanently", 302: "Found", 304: "Not Modified", 404: "Not Found", 503: "Service Unavailable"}


class Http1Session:
    """One connection: pipelined requests are answered in order."""

    def __init__(self, connection) -> None:
        self.connection = connection
        self.paused = False
        self._buffer = b""
        self._request: Received | None = None
        self._left = 0
        self._chunks: ChunkedReader | None = None
        self._reply: Reply | None = None
        self._busy = False                    # a delayed answer is under way
        self._tunnel = False

    def received(self, data: bytes) -> None:
        if self._tunnel:
            self._request.body += data
            self.connection.transport.write(data.upper())
            return
        self._buffer += data
        while not self._busy and not self._tunnel and self._step():
            pass

    def _step(self) -> bool:
        """Consumes one head or some body; false when more bytes are needed."""
        if self._request is None:
            self._buffer = self._buffer.lstrip(b"\r\n")
            head, found, rest = self._buffer.partition(b"\r\n\r\n")
            if not found:
                return False
            self._buffer = rest
            self._begin(head)
        if self._chunks:
            self._request.body += self._chunks.feed(self._buffer)
            self._buffer = b""
            if not self._chunks.done:
                return False
            self._request.trailers, self._buffer = self._chunks.trailers, self._chunks.rest
        elif self._left:
            piece = self._buffer[:self._left]
            self._request.body += piece
            self._buffer = self._buffer[len(piece):]
            self._left -= len(piece)
            if self._left:
                return False
        self._finish()
        return self._request is None and bool(self._buffer)

    def _begin(self, head: bytes) -> None:
        line, headers = parse_head(head)
        protocol = line.rsplit(" ", 1)[-1]
        self._request = Received("", protocol, line, headers, 0, head=head + b"\r\n\r\n")
        self.connection.record(self._request)
        self._chunks = ChunkedReader() if is_chunked(headers) else None
        self._left = 0 if self._chunks else (content_length(headers) or 0)
        self._reply = self.connection.origin.script(self._request)
        if any(v.lower() == "100-continue" for v in values(headers, "expect")) and not self._reply.no_continue:
            self.connection.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if self._reply.early:
            self._answer(self._reply)

    def _finish(self) -> None:
        self._request.complete = True
        if self._reply.delay_s:
            self._busy = True
            reactor.loop().call_later(self._reply.delay_s, self._late)
        elif not self._reply.early:
            self._answer(self._reply)
        self._next()

    def _late(self) -> None:
        self._busy = False
        self._answer(self._reply)
        self._next()
        self.received(b"")

    def _next(self) -> None:
        if not self._busy and not self._tunnel and not self._reply.hang:
            self._request = None

    def _answer(self, reply: Reply) -> None:
        transport: asyncio.Transport = self.connection.transport
        if reply.hang:
            self._busy = True
            return
        if reply.close_before:
            transport.close()
            return
        if reply.reset_before:
            self._reset()
            return
        if reply.raw is not None:
            transport.write(reply.raw)
        else:
            if reply.view:
                request = self._request
                reply = reply.but(headers=[*reply.headers, ("x-view", f"{request.method} {request.path} {len(request.body)}")])
            body = reply.body if reply.body is not None else self.connection.origin.name.encode()
            transport.write(b"".join(_interim(reply)) + _head(reply, len(body), self._request.method))
            if reply.tunnel:
                self._tunnel = True
                if self._buffer:
                    rest, self._buffer = self._buffer, b""
                    self.received(rest)
                return
            if self._request.method != "HEAD" and reply.status not in (204, 304):
                self._send_body(reply, body)
        if reply.close or reply.no_length:
            transport.close()

    def _send_body(self, reply: Reply, body: bytes) -> None:
        transport: asyncio.Transport = self.connection.transport
        cut = next((k for k in (reply.close_after, reply.reset_after, reply.hang_after) if k is not None), None)
        part = body if cut is None else body[:cut]
        if reply.chunked or reply.trailers:
            framed = b"%x\r\n%s\r\n" % (len(part), part) if part else b""
            if cut is None:
                framed += b"0\r\n" + b"".join(_line(n, v) for n, v in reply.trailers) + b"\r\n"
            transport.write(framed)
        else:
            transport.write(part)
        if reply.close_after is not None:
            transport.close()
        elif reply.reset_after is not None:
            reactor.loop().call_soon(self._reset)
        elif reply.hang_after is not None:
            self._busy = True

    def _reset(self) -> None:
        linger = struct.pack("ii", 1, 0)
        self.connection.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.connection.transport.abort()

    def resumed(self) -> None:
        pass

    def half_closed(self) -> bool:
        if self._request and not self._request.complete:
            self._request.ended = "closed"
        return False

    def lost(self, error: Exception | None) -> None:
        if self._request and not self._request.complete:
            self._request.ended = "closed"


def _line(name: str, value: str) -> bytes:
    return f"{name}: {value}\r\n".encode("latin-1")


def _interim(reply: Reply):
    for status, headers in reply.interim:
        yield f"HTTP/1.1 {status} {REASONS.get(status, 'X')}\r\n".encode()
        yield b"".join(_line(n, v) for n, v in headers) + b"\r\n"


def _head(reply: Reply, length: int, method: str) -> bytes:
    head = f"HTTP/1.1 {reply.status} {REASONS.get(reply.status, 'X')}\r\n".encode()
    head += b"".join(_line(n, v) for n, v in reply.headers)
    if reply.chunked or reply.trailers:
        head += b"transfer-encoding: chunked\r\n"
    elif reply.status >= 200 and reply.status not in (204, 304) and not reply.no_length and not reply.tunnel:
        head += b"content-length: %d\r\n" % (length if reply.length is None else reply.length)
    return head + b"\r\n"
