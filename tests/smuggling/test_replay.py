"""What the proxy lets through is read alike by nginx, HAProxy, Go and Node.

The bytes that reached the origin, from every message of all corpora that was
not refused, are sent to each peer. Where a peer accepts them it must see the
same requests: method, target, body length, and how many.
"""
import random

import pytest

from tests.smuggling.corpus import attacks
from tests.smuggling.downgrade import downgrades, legal
from tests.smuggling.legitimate import legitimate
from tests.smuggling.mutate import mutated
from tests.smuggling.peers import Peers
from tests.smuggling.test_downgrade import exchange


@pytest.fixture(scope="module")
def peers(tmp_path_factory):
    running = Peers(tmp_path_factory.mktemp("peers"))
    yield running
    running.stop()


@pytest.fixture(scope="module")
def accepted(court, seed):
    """Name -> (bytes at the origin, views by the strict reader) of every message that got through."""
    chance = random.Random(f"{seed} replay")
    messages = [(a.name, a.data) for a in attacks()] + [(c.name, c.data) for c in legitimate()]
    messages += [(f"mutant {i}", mutated(chance)) for i in range(200)]
    verdicts = [(name, court.try_http1(data)) for name, data in messages]
    frames = [(d.name, d.frames) for d in downgrades()] + [(name, data) for name, data, _ in legal()]
    verdicts += [(f"h2 {name}", court.judge(exchange(court, data), [], True)) for name, data in frames]
    found = {}
    for name, verdict in verdicts:
        whole = [m for m in verdict.forwarded if m.raw]
        if whole:
            found[name] = b"".join(m.raw for m in whole), [f"{m.method} {m.target} {len(m.body)}" for m in whole]
    return found


@pytest.mark.parametrize("peer", ["go", "node", "nginx", "haproxy"])
def test_peers_agree(accepted, peers, peer):
    assert len(accepted) >= 30
    disagree, refused = {}, 0
    for name, (data, meant) in accepted.items():
        seen = peers.views(peer, data)
        refused += seen is None
        if seen is not None and seen != meant:
            disagree[name] = f"meant {meant}, {peer} saw {seen}"
    assert not disagree
    assert refused < len(accepted) / 2, f"{peer} refused {refused} of {len(accepted)}: the comparison says little"
