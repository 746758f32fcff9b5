"""HTTP/2 floods: the connection is ended soon, memory stays, others are served as before."""
import math
import os
import time

import pytest

from tests.e2e.attackers import FLOODS
from tests.e2e.load import ROUNDS, Load, normal_p99, suffers
from tests.support import h2_frames as h2
from tests.support.client import Dial, receive
from tests.support.client_h2 import Http2Client
from tests.support.deadline import wait_for
from tests.support.reply import Reply

MB = 1024 * 1024
ATTACKERS = 4
MOST_PIECES = 20_000                    # of one attacker; the budget in time is below
MOST_SECONDS = 8.0
# A sanitizer keeps what was freed and a shadow of the rest, so its proxy's memory says nothing.
GROWTH = math.inf if os.environ.get("PROA_SANITIZED") else 16 * MB
# Envoy 1.40 lets these go on; Proa ends them too.
ENVOY_ENDURES = {"unknown_frames", "hpack_bomb", "cookie_crumbs", "empty_data_padded"}


def attack(dial: Dial, pieces) -> str:
    """Sends until the peer ends the connection: "ended", or why it did not come to that."""
    stop = time.monotonic() + MOST_SECONDS
    with dial.connect() as connection:
        reader = h2.FrameReader()
        try:
            connection.sendall(h2.PREFACE + h2.settings())
            for number, piece in enumerate(pieces):
                if number > MOST_PIECES or time.monotonic() > stop:
                    break
                connection.settimeout(3.0)
                connection.sendall(piece)
                connection.settimeout(0.0)
                if _ended(connection, reader):
                    return "ended"
        except TimeoutError:
            number = f"{number}, no longer read"
        except OSError:
            return "ended"
        connection.settimeout(3.0)            # what was sent fast may not have been judged yet
        try:
            return "ended" if _ended(connection, reader) else f"open after {number} pieces"
        except OSError:
            return "ended"


def _ended(connection, reader: h2.FrameReader) -> bool:
    """Reads what has come; whether there was GOAWAY or the end."""
    while True:
        try:
            data = receive(connection)
        except (BlockingIOError, TimeoutError):
            return False
        if not data or any(kind == h2.GOAWAY for kind, *_ in reader.feed(data)):
            return True


@pytest.mark.parametrize("flood", FLOODS, ids=lambda f: f.__name__)
def test_flood(start, kind, flood):
    world = start(concurrency=1)
    calm = world.dial("main")
    usual = normal_p99(calm)
    rss = world.proxy.program.resident_bytes()
    for _ in range(ROUNDS):
        with Load(calm) as load:
            ended = [attack(world.dial("main"), flood()) for _ in range(ATTACKERS)]
            wait_for(lambda: load.count() >= 200, "the calm client to be served", 30)
        grown = world.proxy.program.resident_bytes() - rss
        assert world.proxy.program.running() and load.failures == []
        assert set(ended) == {"ended"} or kind == "envoy" and flood.__name__ in ENVOY_ENDURES, ended
        assert grown <= GROWTH or kind == "envoy", f"grew by {grown / MB:.1f} MB"
        if kind == "envoy" or not suffers(calm, usual, load.p99()):
            break
    else:
        pytest.fail(f"p99 {usual * 1000:.1f} ms became {load.p99() * 1000:.1f} ms in each of {ROUNDS} rounds")
    seen = len([r for r in world.origins["a"].requests if r.path != "/calm"])
    assert seen == 0


def test_zero_window_holds_little_memory(start, kind):
    """A hundred streams ask for 1 MB each and never open the window."""
    world = start()
    world.origins["a"].script = lambda received: Reply(body=b"x" * MB)
    rss = world.proxy.program.resident_bytes()
    with Http2Client(world.dial("main"), settings={4: 0}) as client:
        client.auto_window = False
        for _ in range(100):
            client.start("GET", "/big")
        wait_for(lambda: len(world.origins["a"].requests) >= 50, "the requests at the origin", 20)
        settle(world)
        grown = world.proxy.program.resident_bytes() - rss
    assert grown <= GROWTH or kind == "envoy", f"grew by {grown / MB:.1f} MB"
    assert world.proxy.program.running()


def settle(world) -> None:
    """Waits until the proxy's memory stops changing."""
    seen: list[int] = []

    def steady() -> bool:
        seen.append(world.proxy.program.resident_bytes())
        return len(seen) > 20 and max(seen[-20:]) - min(seen[-20:]) < MB // 4
    wait_for(steady, "memory to settle", 30, every=0.02)
