"""Sends a message through the proxy and judges by three witnesses.

1. the recording origin: which bytes arrived on which connection;
2. the strict validator over those bytes;
3. a canary client, whose request after each attack must come through unharmed
   and get its own answer.
"""
from dataclasses import dataclass, field

from tests.parity.world import World
from tests.smuggling import strict
from tests.smuggling.strict import Message, Violation
from tests.support.client_h1 import Http1Client
from tests.support.client import Response
from tests.support.reply import Received, Reply

REJECTED, SERVED, REPAIRED, AMBIGUOUS = "rejected", "served", "repaired", "forwarded-ambiguous"
CANARY = "/canary"


def echo(_: Received) -> Reply:
    """Every answer says which request it is for."""
    return Reply(view=True, body=b"ok")


@dataclass
class Verdict:
    kind: str
    why: str
    answers: list[Response] = field(default_factory=list)
    forwarded: list[Message] = field(default_factory=list)      # strict messages, canaries excluded


class Court:
    """Judges messages against one running proxy."""

    def __init__(self, world: World):
        self.world = world
        self.origin = world.origins["a"]
        self.origin.script = echo
        self._count = 0
        self._canary: Http1Client | None = None

    def try_http1(self, data: bytes, cuts: tuple[int, ...] = (), patience: float = 0.15) -> Verdict:
        meant, malformed = strict_view(data)

        def attack() -> list[Response]:
            with Http1Client(self.world.dial("main", seconds=patience)) as client:
                try:
                    client.send(data, cuts)
                except ConnectionError:
                    pass
                return _answers(client, len(meant) + malformed)
        return self.judge(attack, meant, malformed)

    def judge(self, attack, meant: list[tuple], malformed: bool) -> Verdict:
        """`meant`: the requests that a strict reader finds, up to where the message is malformed."""
        before = {number: len(raw) for number, raw in self.origin.raw.items()}
        self.origin.requests, self.origin.activity = [], []
        answers = attack()
        harmed = self._canary_harmed()
        try:
            forwarded, truncated = self._forwarded(before)
        except Violation as violation:
            return Verdict(AMBIGUOUS, f"origin received: {violation}", answers)
        if harmed:
            return Verdict(AMBIGUOUS, harmed, answers, forwarded)
        seen = [comparable(message) for message in forwarded]
        if seen != meant[:len(seen)]:
            kind = REPAIRED if malformed and seen[:len(meant)] == meant else AMBIGUOUS
            return Verdict(kind, f"meant {meant}{' and then malformed' if malformed else ''}, origin saw {seen}", answers, forwarded)
        if malformed or not seen:
            why = "cut short at the origin" if truncated else "origin saw none of it"
            return Verdict(REJECTED, why, answers, forwarded)
        return Verdict(SERVED, "as meant", answers, forwarded)

    def _canary_harmed(self) -> str:
        """Sends the canary on a connection of its own; "" if all is well."""
        self._count += 1
        target = f"{CANARY}?{self._count}"
        for attempt in (1, 2):
            if self._canary is None:
                self._canary = Http1Client(self.world.dial("main", seconds=2.0))
            answer = self._canary.request("GET", target, [("host", "h")])
            if answer.status == 0 and attempt == 1:
                self._canary = None                       # the idle connection had been closed
                continue
            view = answer.header("x-view")
            return "" if view == [f"GET {target} 0"] else f"canary got {answer.status} {view} {answer.end}"
        return "canary got no answer"

    def _forwarded(self, before: dict[int, int]) -> tuple[list[Message], bytes]:
        messages, truncated = [], b""
        # By time, not by connection: a proxy may take another pooled connection for the next request.
        for number in dict.fromkeys(self.origin.activity):
            found, rest = strict.read_all(bytes(self.origin.raw[number][before.get(number, 0):]))
            messages += [m for m in found if not m.target.startswith(CANARY)]
            truncated += rest
        return messages, truncated


def _answers(client: Http1Client, most: int) -> list[Response]:
    answers = []
    while len(answers) < most:
        answer = client.response()
        if not answer.status:
            break
        answers.append(answer)
        if answer.end != "complete" or "close" in answer.header("connection"):
            break
    return answers


def comparable(message: Message) -> tuple[str, str, int]:
    """Method, path and body length; an absolute-form target counts as its path."""
    target = message.target
    if "://" in target:
        target = "/" + target.split("://", 1)[1].partition("/")[2]
    return message.method, target, len(message.body)


def strict_view(data: bytes) -> tuple[list[tuple], bool]:
    """The requests that a strict server reads, and whether it then meets a malformed one.
    RFC 9112 section 2.2 lets it skip one CRLF before each request line."""
    meant: list[tuple] = []
    while data := data.removeprefix(b"\r\n"):
        try:
            message, data = strict.read(data)
        except strict.Incomplete:
            return meant, False
        except Violation:
            return meant, True
        meant.append(comparable(message))
    return meant, False
