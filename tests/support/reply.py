"""What an origin should answer, and what it saw. Plain data, shared by the
HTTP/1 and the HTTP/2 origin so that one scenario can run against both."""
from dataclasses import dataclass, field, replace
from typing import Callable

Headers = list[tuple[str, str]]


@dataclass
class Reply:
    """One scripted answer. The default is 200 with the origin's name as body."""
    status: int = 200
    headers: Headers = field(default_factory=list)
    body: bytes | None = None              # None: the origin's name
    trailers: Headers = field(default_factory=list)
    interim: list[tuple[int, Headers]] = field(default_factory=list)
    chunked: bool = False                  # HTTP/1: chunked even when the length is known
    no_length: bool = False                # HTTP/1: body ends with the connection
    length: int | None = None              # content-length to declare, true or not
    early: bool = False                    # answer at the end of the request's headers
    hang: bool = False                     # never answer
    hang_after: int | None = None          # send this many body bytes, then nothing more
    close_before: bool = False             # close without a byte of answer
    reset_before: bool = False             # TCP RST (h2: RST_STREAM) without a byte of answer
    close_after: int | None = None         # close after this many body bytes
    reset_after: int | None = None         # reset after this many body bytes
    reset_code: int = 2                    # h2 error code for resets: INTERNAL_ERROR
    close: bool = False                    # close the connection after a complete answer
    no_continue: bool = False              # do not answer `expect: 100-continue` with 100
    goaway: bool = False                   # h2: GOAWAY after the answer
    delay_s: float = 0.0                   # only where lateness itself is under test
    raw: bytes | None = None               # HTTP/1: exactly these bytes instead of all above
    tunnel: bool = False                   # after the head, echo whatever arrives
    view: bool = False                     # HTTP/1: add x-view, how the request was read: method, path, body length

    def but(self, **changes: object) -> "Reply":
        return replace(self, **changes)


@dataclass
class Received:
    """One request as an origin saw it."""
    where: str                             # the origin's name
    protocol: str                          # "HTTP/1.1", "HTTP/2", ...
    line: str                              # request line; h2: "METHOD scheme://authority path"
    headers: Headers
    connection: int                        # serial number of the connection within the origin
    head: bytes = b""                      # HTTP/1: exact bytes of the head
    body: bytes = b""
    trailers: Headers = field(default_factory=list)
    complete: bool = False
    ended: str = ""                        # "", "reset(8)", "closed"
    tls: dict | None = None                # what the TLS session told, if there was one

    def header(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]

    @property
    def method(self) -> str:
        return self.line.split(" ", 1)[0]

    @property
    def path(self) -> str:
        return self.line.split(" ")[-1] if self.protocol == "HTTP/2" else self.line.split(" ")[1]


Script = Callable[[Received], Reply]


def in_turn(*replies: Reply) -> Script:
    """Answers with `replies` one after the other, over all origins; the last one repeats."""
    waiting = list(replies) or [Reply()]

    def script(_: Received) -> Reply:
        return waiting.pop(0) if len(waiting) > 1 else waiting[0]
    return script


def by_path(replies: dict[str, Reply]) -> Script:
    """Answers by the path up to the query; unknown paths get the default answer."""
    return lambda received: replies.get(received.path.split("?")[0], Reply())


def by_origin(replies: dict[str, Reply]) -> Script:
    """Answers by the name of the origin that was asked."""
    return lambda received: replies.get(received.where, Reply())
