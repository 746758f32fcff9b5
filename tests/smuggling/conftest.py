"""One proxy for the whole corpus; what Envoy is known to let through is counted, not failed."""
import random

import pytest

from tests.parity.world import World
from tests.smuggling.court import AMBIGUOUS, REPAIRED, Court, Verdict
from tests.smuggling.edge import EDGE
from tests.smuggling.envoy_known import known


@pytest.fixture(scope="session")
def court(tmp_path_factory, request):
    kind = "envoy" if request.config.getoption("--envoy-only") else "proa"
    world = World(EDGE, kind, tmp_path_factory.mktemp("smuggling"))
    yield Court(world)
    world.stop()


class Tally:
    """Counts verdicts by corpus, for the table at the end of the run."""

    def __init__(self) -> None:
        self.counts: dict[str, dict[str, int]] = {}
        self.notes: list[str] = []

    def add(self, corpus: str, name: str, verdict: Verdict) -> None:
        row = self.counts.setdefault(corpus, {})
        row[verdict.kind] = row.get(verdict.kind, 0) + 1
        if verdict.kind == AMBIGUOUS:
            self.notes.append(f"{corpus} {name}: {verdict.why}")


@pytest.fixture(scope="session")
def tally(request):
    request.config.stash[_tally] = Tally()
    return request.config.stash[_tally]


@pytest.fixture
def judged(tally, request):
    """Counts a verdict and fails on a bad one. Envoy may tidy up; Proa may not."""
    lenient = request.config.getoption("--envoy-only")

    def check(corpus: str, name: str, verdict: Verdict) -> None:
        tally.add(corpus, name, verdict)
        bad = verdict.kind == AMBIGUOUS and not (lenient and known(verdict.why)) or verdict.kind == REPAIRED and not lenient
        assert not bad, f"{name}: {verdict.kind}: {verdict.why}"
    return check


@pytest.fixture(scope="session")
def seed(request):
    """Fresh each run; give it back with --smuggling-seed to repeat a run."""
    given = request.config.getoption("--smuggling-seed")
    value = given if given is not None else random.SystemRandom().randrange(2**32)
    request.config.stash[_seed] = value
    return value


_tally = pytest.StashKey[Tally]()
_seed = pytest.StashKey[int]()


def pytest_terminal_summary(terminalreporter, config):
    if _seed in config.stash:
        terminalreporter.write_line(f"smuggling seed: {config.stash[_seed]} (repeat with --smuggling-seed)")
    if _tally in config.stash:
        for corpus, row in config.stash[_tally].counts.items():
            terminalreporter.write_line(f"{corpus}: " + ", ".join(f"{k} {v}" for k, v in sorted(row.items())))
        for note in config.stash[_tally].notes:
            terminalreporter.write_line(f"  {note[:300]}")
