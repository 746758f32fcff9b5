"""Incremental HTTP/1 reader for both ends of the tests.

Lenient on purpose: it records what came, it does not judge. (The judge is
tests/smuggling/strict.py.)
"""
from typing import Iterator

Headers = list[tuple[str, str]]


def parse_head(head: bytes) -> tuple[str, Headers]:
    """First line and headers, case and order kept, outer white space of values dropped."""
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = []
    for line in lines:
        if line:
            name, _, value = line.partition(":")
            headers.append((name, value.strip(" \t")))
    return first, headers


def values(headers: Headers, name: str) -> list[str]:
    return [value for key, value in headers if key.lower() == name]


def is_chunked(headers: Headers) -> bool:
    return any("chunked" in value.lower() for value in values(headers, "transfer-encoding"))


def content_length(headers: Headers) -> int | None:
    lengths = values(headers, "content-length")
    return int(lengths[0]) if lengths and lengths[0].isdigit() else None


class ChunkedReader:
    """Feed bytes, get body bytes; `done` with `trailers` and `rest` at the end."""

    def __init__(self) -> None:
        self._buffer = b""
        self._left = -1                      # -1: waiting for a size line
        self.done = False
        self.trailers: Headers = []
        self.rest = b""
        self.sizes: list[int] = []

    def feed(self, data: bytes) -> bytes:
        self._buffer += data
        return b"".join(self._body())

    def _body(self) -> Iterator[bytes]:
        while not self.done:
            if self._left < 0:
                line, found, after = self._buffer.partition(b"\r\n")
                if not found:
                    return
                size = int(line.split(b";")[0].strip() or b"0", 16)
                if size == 0:
                    if not self._trailers(after):
                        return
                    continue
                self.sizes.append(size)
                self._buffer, self._left = after, size
            elif self._left > 0:
                piece = self._buffer[:self._left]
                if not piece:
                    return
                self._buffer = self._buffer[len(piece):]
                self._left -= len(piece)
                yield piece
            else:
                if len(self._buffer) < 2:
                    return
                self._buffer, self._left = self._buffer[2:], -1

    def _trailers(self, after: bytes) -> bool:
        if after.startswith(b"\r\n"):
            self.rest = after[2:]
        elif b"\r\n\r\n" in after:
            block, _, self.rest = after.partition(b"\r\n\r\n")
            self.trailers = parse_head(b"\r\n" + block)[1]
        else:
            return False
        self.done = True
        return True
