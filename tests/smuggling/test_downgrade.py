"""Malformed HTTP/2 never becomes an HTTP/1 request; legal oddities do, as meant."""
import pytest

from tests.smuggling.court import SERVED, comparable
from tests.smuggling.downgrade import downgrades, legal
from tests.support import h2_frames as h2
from tests.support.client import receive

CASES = downgrades()


def test_corpus_is_large_enough():
    assert len(CASES) >= 60


def exchange(court, frames: bytes):
    """Sends frames; reads until the stream has ended in any way, or for a moment."""
    def attack() -> list:
        reader, seen = h2.FrameReader(), []
        with court.world.dial("main", seconds=0.3).connect() as connection:
            connection.sendall(h2.PREFACE + h2.settings() + frames)
            try:
                while data := receive(connection):
                    seen += reader.feed(data)
                    if any(kind in (h2.RST_STREAM, h2.GOAWAY) or stream == 1 and flags & h2.END_STREAM
                           for kind, flags, stream, _ in seen):
                        break
            except (ConnectionError, TimeoutError):
                pass
        return seen
    return attack


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_malformed_request(court, judged, case):
    verdict = court.judge(exchange(court, case.frames), meant=[], malformed=True)
    judged("malformed HTTP/2", case.name, verdict)


@pytest.mark.parametrize("name, frames, views", [pytest.param(*c, id=c[0]) for c in legal()])
def test_legal_request(court, tally, name, frames, views):
    verdict = court.judge(exchange(court, frames), meant=views, malformed=False)
    tally.add("legitimate HTTP/2", name, verdict)
    assert verdict.kind == SERVED, verdict.why
    assert [comparable(message) for message in verdict.forwarded] == views
