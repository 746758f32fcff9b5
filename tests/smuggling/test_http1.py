"""Malformed HTTP/1 never reaches an origin, however it is cut into packets."""
import random

import pytest

from tests.smuggling import splits
from tests.smuggling.corpus import attacks
from tests.smuggling.mutate import mutated

CORPUS = attacks()
MUTANTS = 300


def test_corpus_is_large_enough():
    assert len(CORPUS) >= 300


@pytest.mark.parametrize("attack", CORPUS, ids=lambda a: a.name)
def test_malformed_message(court, judged, seed, attack):
    chance = random.Random(f"{seed} {attack.name}")
    kinds = {}
    for name, cut in splits.ALL.items():
        verdict = court.try_http1(attack.data, cut(attack.data, chance))
        judged("malformed HTTP/1 (each in 4 splits)", f"{attack.name} {name}", verdict)
        kinds[name] = verdict.kind
    assert len(set(kinds.values())) == 1, f"depends on packets: {kinds}"


@pytest.mark.parametrize("number", range(MUTANTS))
def test_mutant(court, judged, seed, number):
    """Random edits of the corpus. A mutant may be valid: then it must be served as meant or refused."""
    chance = random.Random(f"{seed} mutant {number}")
    data = mutated(chance)
    verdict = court.try_http1(data, splits.anywhere(data, chance))
    judged("mutants", f"{number} of seed {seed}: {data!r}", verdict)
