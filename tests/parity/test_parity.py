"""Every scenario, through Envoy and through Proa: what clients, origins, logs and
counters show must be the same, unless docs/differences.md says why not."""
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.parity import differences
from tests.parity.conftest import DIFFERED_ONCE
from tests.parity.observe import observe
from tests.parity.registry import features

FEATURES = {feature.name: feature for feature in features()}
CASES = [pytest.param(name, case, id=f"{name}/{case.name}", marks=pytest.mark.xdist_group(name))
         for name, feature in FEATURES.items() for case in feature.cases]
ROWS = differences.read_table()


@pytest.mark.parametrize("feature, case", CASES)
def test_scenario(worlds, feature, case, record_property):
    pair = worlds(FEATURES[feature])
    scenario = f"{feature}/{case.name}"
    report = compare(pair, scenario, case)
    if report:
        # Which of a close and a request comes first is a race that either side may lose. What differs once is listed
        # at the end of the run (conftest.py), what differs twice is a failure.
        record_property(DIFFERED_ONCE, report)
        report = compare(pair, scenario, case)
    worlds.ran.add(scenario)
    assert not report, report


def compare(pair, scenario, case) -> str:
    """What differs and has no reason in the table; empty: nothing."""
    with ThreadPoolExecutor(2) as both:                   # most of a case is waiting
        expected, got = both.map(observe, pair, (case, case))
    found = differences.differing(expected, got, FEATURES[scenario.split("/")[0]].ignore + case.ignore)
    unexplained = differences.split(scenario, found, ROWS)
    return differences.report(scenario, unexplained, ("Envoy", pair[1].kind)) if unexplained else ""


@pytest.mark.parametrize("feature", [pytest.param(n, marks=pytest.mark.xdist_group(n)) for n in FEATURES])
def test_listed_differences_still_occur(worlds, feature):
    """A row that explains nothing any more is removed, or it will hide a new difference."""
    if worlds.envoy_only:
        return
    ran = {f"{feature}/{case.name}" for case in FEATURES[feature].cases}
    if not ran <= worlds.ran:
        return                                        # only part of the feature was asked for
    stale = [f"{row.scenario} | {row.field}" for row in ROWS
             if row.scenario.split("/")[0] == feature and not row.seen and not row.sometimes]
    assert not stale, f"docs/differences.md lists what no longer occurs: {stale}"


@pytest.mark.xdist_group("table")
def test_table_names_only_scenarios_that_exist():
    known = {f"{name}/{case.name}" for name, feature in FEATURES.items() for case in feature.cases}
    unknown = [row.scenario for row in ROWS if not any(differences.matches(row.scenario, name) for name in known)]
    assert not unknown
