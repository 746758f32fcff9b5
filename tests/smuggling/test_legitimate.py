"""Legal messages, however odd or cut, are served and arrive as they were meant."""
import random

import pytest

from tests.smuggling import splits
from tests.smuggling.court import SERVED, comparable
from tests.smuggling.legitimate import legitimate

CASES = legitimate()


def test_corpus_is_large_enough():
    assert len(CASES) >= 20


@pytest.mark.parametrize("split", splits.ALL)
@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_legitimate_message(court, tally, seed, case, split):
    cuts = splits.ALL[split](case.data, random.Random(f"{seed} {case.name}"))
    verdict = court.try_http1(case.data, cuts, patience=2.0)
    tally.add("legitimate HTTP/1", f"{case.name} {split}", verdict)
    assert verdict.kind == SERVED, verdict.why
    assert [answer.status for answer in verdict.answers] == [200] * len(case.views)
    assert sorted(comparable(message) for message in verdict.forwarded) == sorted(case.views)
