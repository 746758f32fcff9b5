"""A strict RFC 9112 reader: what an origin received is either exactly this grammar or a violation.

It accepts no more than the RFC's MUSTs for senders allow; no tolerance is
implemented, because tolerance is what request smuggling lives on.
"""
import re
from dataclasses import dataclass, field

_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_REQUEST_LINE = re.compile(rb"(" + _TOKEN + rb") ([\x21-\x7e]+) HTTP/1\.([01])")
_HEADER = re.compile(rb"(" + _TOKEN + rb"):[ \t]*((?:[\x21-\x7e\x80-\xff](?:[ \t\x21-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?)[ \t]*")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,16})((?:;[\t\x20-\x7e\x80-\xff]*)?)")
_HOST = re.compile(rb"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9\-._~%!$&'()*+,;=]*)(:\d{0,5})?")
_ORIGIN_FORM = re.compile(rb"/[\x21\x24-\x3b\x3d\x3f-\x5a\x5f\x61-\x7a\x7e\x25\x5b-\x5d\x7b-\x7d\x22\x5e\x60\x3c\x3e]*")


class Violation(Exception):
    """The bytes are not a sequence of HTTP/1.1 requests."""


class Incomplete(Exception):
    """The bytes end inside a message."""


@dataclass
class Message:
    method: str
    target: str
    version: str
    headers: list[tuple[str, str]]
    body: bytes = b""
    trailers: list[tuple[str, str]] = field(default_factory=list)
    raw: bytes = b""

    def view(self) -> tuple[str, str, int]:
        return self.method, self.target, len(self.body)


def read_all(data: bytes) -> tuple[list[Message], bytes]:
    """All messages, and the bytes of an unfinished last one."""
    messages = []
    while data:
        try:
            message, rest = read(data)
        except Incomplete:
            return messages, data
        message.raw = data[:len(data) - len(rest)]
        messages.append(message)
        data = rest
    return messages, b""


def read(data: bytes) -> tuple[Message, bytes]:
    line, data = _line(data)
    found = _REQUEST_LINE.fullmatch(line)
    if not found:
        raise Violation(f"request line {line!r}")
    headers, data = _fields(data)
    message = Message(found[1].decode(), found[2].decode(), f"1.{found[3].decode()}", headers)
    _check_target(message)
    _check_host(message)
    return _body(message, data)


def _line(data: bytes) -> tuple[bytes, bytes]:
    end = data.find(b"\n")
    if end < 0:
        if b"\r" in data[:-1]:
            raise Violation("bare CR")
        raise Incomplete
    if end == 0 or data[end - 1:end] != b"\r":
        raise Violation(f"bare LF after {data[:end]!r}")
    line = data[:end - 1]
    if b"\r" in line or b"\0" in line:
        raise Violation(f"CR or NUL in {line!r}")
    return line, data[end + 1:]


def _fields(data: bytes) -> tuple[list[tuple[str, str]], bytes]:
    fields = []
    while True:
        line, data = _line(data)
        if not line:
            return fields, data
        found = _HEADER.fullmatch(line)
        if not found:
            raise Violation(f"header line {line!r}")
        fields.append((found[1].decode("latin-1").lower(), found[2].decode("latin-1")))


def _values(message: Message, name: str) -> list[str]:
    return [value for key, value in message.headers if key == name]


def _check_target(message: Message) -> None:
    target = message.target.encode()
    if message.method == "CONNECT":
        if not re.fullmatch(rb"[^/?#@]+:\d{1,5}", target):
            raise Violation(f"CONNECT target {target!r}")
    elif target == b"*":
        if message.method != "OPTIONS":
            raise Violation("asterisk-form without OPTIONS")
    elif not _ORIGIN_FORM.fullmatch(target) and not re.fullmatch(rb"(?i:https?)://[^/?#@]+(/[^#]*|\?[^#]*)?", target):
        raise Violation(f"target {target!r}")


def _check_host(message: Message) -> None:
    hosts = _values(message, "host")
    if len(hosts) > 1 or (not hosts and message.version == "1.1"):
        raise Violation(f"{len(hosts)} Host headers")
    if hosts and not _HOST.fullmatch(hosts[0].encode("latin-1")):
        raise Violation(f"Host {hosts[0]!r}")


def _body(message: Message, data: bytes) -> tuple[Message, bytes]:
    lengths, codings = _values(message, "content-length"), _values(message, "transfer-encoding")
    if len(lengths) + len(codings) > 1:
        raise Violation(f"framing by {lengths} and {codings}")
    if codings:
        if codings[0].lower() != "chunked" or message.version == "1.0":
            raise Violation(f"transfer-encoding {codings[0]!r} in HTTP/{message.version}")
        return _chunked(message, data)
    if lengths:
        if not re.fullmatch(r"\d{1,19}", lengths[0]) or int(lengths[0]) >= 2**63:
            raise Violation(f"content-length {lengths[0]!r}")
        size = int(lengths[0])
        if len(data) < size:
            raise Incomplete
        message.body = data[:size]
        return message, data[size:]
    return message, data


def _chunked(message: Message, data: bytes) -> tuple[Message, bytes]:
    while True:
        line, data = _line(data)
        found = _CHUNK.fullmatch(line)
        if not found:
            raise Violation(f"chunk size line {line!r}")
        size = int(found[1], 16)
        if size == 0:
            message.trailers, data = _fields(data)
            forbidden = {"content-length", "transfer-encoding", "host", "trailer"} & {n for n, _ in message.trailers}
            if forbidden:
                raise Violation(f"trailers carry {forbidden}")
            return message, data
        if len(data) < size + 2:
            raise Incomplete
        if data[size:size + 2] != b"\r\n":
            raise Violation("chunk data not followed by CRLF")
        message.body += data[:size]
        data = data[size + 2:]
