"""The vocabulary of scenarios: a feature is one configuration and many cases.

A case is data: requests in order on one connection, what the origins answer,
which listener. Where data does not suffice, `flow` is a function of the world
that returns what it observed.
"""
from dataclasses import dataclass, field
from typing import Callable

from tests.support.http1_parse import Headers
from tests.support.reply import Reply, Script, in_turn


@dataclass
class Request:
    """One request. `target` may be any request target; `raw` replaces everything (HTTP/1)."""
    method: str = "GET"
    target: str = "/"
    headers: Headers = field(default_factory=list)
    body: bytes = b""
    chunks: list[bytes] | None = None
    trailers: Headers = field(default_factory=list)
    host: str | None = "host.test"
    version: str = "HTTP/1.1"
    raw: bytes | None = None
    end: bool = True                     # h2: whether the request ends
    pseudo: Headers | None = None        # h2: exact pseudo-headers
    close_write: bool = False            # half-close after the request
    abandon: bool = False                # client leaves once the origin has the request


def get(target: str = "/", *headers: tuple[str, str], **more: object) -> Request:
    return Request("GET", target, list(headers), **more)


def post(target: str, body: bytes, *headers: tuple[str, str], **more: object) -> Request:
    return Request("POST", target, list(headers), body=body, **more)


def request(method: str, target: str, *headers: tuple[str, str], **more: object) -> Request:
    return Request(method, target, list(headers), **more)


@dataclass
class Case:
    name: str
    requests: list[Request]
    script: Callable[[], Script] = lambda: in_turn(Reply())
    listener: str = "main"
    protocol: str = "h1"                 # of the client: h1 or h2
    fresh: bool = False                  # one connection per request
    dial: dict = field(default_factory=dict)          # Dial fields; tls as {"cert":, "alpn":}, sni, source
    logs: int | None = None              # log lines to wait for; default: one per request
    flow: Callable | None = None         # flow(world) -> dict instead of requests
    ignore: tuple[str, ...] = ()         # fields that are chance by design, with * as wildcard
    tail: bool = False                   # also observe whether the proxy closes the connection
    before: Callable | None = None       # before(world): bring the proxy into a state first


class Feature:
    """`config` is the short YAML of parity/expand.py."""

    def __init__(self, name: str, config: str, origins: dict[str, dict] | None = None, concurrency: int = 1,
                 flags: tuple[str, ...] = (), ignore: tuple[str, ...] = ()):
        self.name, self.config, self.concurrency, self.flags, self.ignore = name, config, concurrency, flags, ignore
        self.origins = origins or {}
        self.cases: list[Case] = []

    def case(self, name: str, *requests: Request, origin: Reply | list[Reply] | Callable[[], Script] | None = None,
             **more: object) -> Case:
        """`origin`: one reply, replies in turn, or a function that makes a fresh script for each run."""
        if any(case.name == name for case in self.cases):
            raise ValueError(f"{self.name}: two cases named {name}")
        if origin is None:
            script = lambda: in_turn(Reply())
        elif isinstance(origin, Reply):
            script = lambda: in_turn(origin)
        elif isinstance(origin, list):
            script = lambda: in_turn(*origin)
        else:
            script = origin
        case = Case(name, list(requests), script, **more)
        self.cases.append(case)
        return case
