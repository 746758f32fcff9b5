"""Writes any HTTP/2 frame, right or wrong, and HPACK without an encoder's rules.

The libraries refuse to produce what attackers send; this does not.
"""
import struct

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM, ACK, END_HEADERS, PADDED, PRIORITY_FLAG = 0x1, 0x1, 0x4, 0x8, 0x20
NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR, FLOW_CONTROL_ERROR, SETTINGS_TIMEOUT, STREAM_CLOSED, FRAME_SIZE_ERROR, \
    REFUSED_STREAM, CANCEL, COMPRESSION_ERROR, CONNECT_ERROR, ENHANCE_YOUR_CALM = range(12)


def frame(kind: int, flags: int = 0, stream: int = 0, payload: bytes = b"", length: int | None = None) -> bytes:
    """One frame; `length` may lie about the payload."""
    size = len(payload) if length is None else length
    return struct.pack(">I", size)[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def settings(pairs: dict[int, int] | None = None) -> bytes:
    return frame(SETTINGS, payload=b"".join(struct.pack(">HI", k, v) for k, v in (pairs or {}).items()))


def window_update(stream: int, increment: int) -> bytes:
    return frame(WINDOW_UPDATE, 0, stream, struct.pack(">I", increment))


def rst_stream(stream: int, code: int = CANCEL) -> bytes:
    return frame(RST_STREAM, 0, stream, struct.pack(">I", code))


def ping(payload: bytes = b"01234567") -> bytes:
    return frame(PING, payload=payload)


def priority(stream: int, depends: int = 0, weight: int = 15) -> bytes:
    return frame(PRIORITY, 0, stream, struct.pack(">IB", depends, weight))


def integer(value: int, prefix_bits: int, first: int = 0) -> bytes:
    """HPACK integer, RFC 7541 section 5.1."""
    limit = (1 << prefix_bits) - 1
    if value < limit:
        return bytes([first | value])
    out, value = [first | limit], value - limit
    while value >= 128:
        out.append(value % 128 + 128)
        value //= 128
    return bytes([*out, value])


def literal(name: bytes, value: bytes, kind: int = 0x10) -> bytes:
    """A literal header field with a new name, no Huffman; kind 0x40 adds it to the table."""
    return bytes([kind]) + integer(len(name), 7) + name + integer(len(value), 7) + value


def header_block(headers: list[tuple[str | bytes, str | bytes]]) -> bytes:
    """Literals, never indexed: what is given is what the peer sees."""
    as_bytes = [(n if isinstance(n, bytes) else n.encode("latin-1"), v if isinstance(v, bytes) else v.encode("latin-1"))
                for n, v in headers]
    return b"".join(literal(n, v) for n, v in as_bytes)


def request_block(path: str = "/", authority: str = "host", method: str = "GET", extra: list | None = None) -> bytes:
    return header_block([(":method", method), (":scheme", "http"), (":authority", authority), (":path", path),
                         *(extra or [])])


def headers(stream: int, block: bytes, end_stream: bool = True, end_headers: bool = True) -> bytes:
    flags = (END_STREAM if end_stream else 0) | (END_HEADERS if end_headers else 0)
    return frame(HEADERS, flags, stream, block)


def continuation(stream: int, block: bytes, end_headers: bool = False) -> bytes:
    return frame(CONTINUATION, END_HEADERS if end_headers else 0, stream, block)


def data(stream: int, payload: bytes = b"", end_stream: bool = False) -> bytes:
    return frame(DATA, END_STREAM if end_stream else 0, stream, payload)


class FrameReader:
    """Splits received bytes into (type, flags, stream, payload)."""

    def __init__(self) -> None:
        self._buffer = b""

    def feed(self, data: bytes) -> list[tuple[int, int, int, bytes]]:
        self._buffer += data
        frames = []
        while len(self._buffer) >= 9:
            size = int.from_bytes(self._buffer[:3], "big")
            if len(self._buffer) < 9 + size:
                break
            kind, flags = self._buffer[3], self._buffer[4]
            stream = int.from_bytes(self._buffer[5:9], "big") & 0x7FFFFFFF
            frames.append((kind, flags, stream, self._buffer[9:9 + size]))
            self._buffer = self._buffer[9 + size:]
        return frames
