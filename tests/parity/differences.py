"""Compares two observations, and knows the differences that are allowed.

docs/differences.md holds them as a table: scenario, field, reason. `*` is a
wildcard in both; a scenario `feature/*` speaks for the whole feature. A reason
that begins with "Sometimes: " tells of a race: the row need not occur each time.
"""
import re
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.binaries import ROOT

TABLE = ROOT / "docs/differences.md"
MISSING = "<nothing>"


def matches(pattern: str, text: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text) is not None


@dataclass
class Allowed:
    """One row. `seen` and `ran` tell at the end whether it still occurs."""
    scenario: str
    field: str
    reason: str
    seen: set[str] = field(default_factory=set)

    @property
    def sometimes(self) -> bool:
        """It hangs on a race of the programs, and need not occur in each run."""
        return self.reason.startswith("Sometimes: ")


def read_table(path: Path = TABLE) -> list[Allowed]:
    rows = []
    for line in path.read_text().splitlines():
        cells = [cell.strip().strip("`") for cell in line.strip().strip("|").split("|")]
        if line.startswith("|") and len(cells) >= 3 and "/" in cells[0]:
            rows.append(Allowed(cells[0], cells[1], cells[-1]))
    return rows


def differing(reference: dict, subject: dict, ignore: tuple[str, ...]) -> dict[str, tuple[object, object]]:
    """Field -> (reference, subject) where they are not equal."""
    found = {}
    for name in sorted({*reference, *subject}):
        pair = reference.get(name, MISSING), subject.get(name, MISSING)
        if pair[0] != pair[1] and not any(matches(pattern, name) for pattern in ignore):
            found[name] = pair
    return found


def split(scenario: str, found: dict, rows: list[Allowed]) -> dict[str, tuple[object, object]]:
    """Marks the rows that explain a difference; returns the differences nobody explains."""
    unexplained = {}
    for name, pair in found.items():
        explaining = [row for row in rows if matches(row.scenario, scenario) and matches(row.field, name)]
        for row in explaining:
            row.seen.add(scenario)
        if not explaining:
            unexplained[name] = pair
    return unexplained


def report(scenario: str, found: dict, names: tuple[str, str]) -> str:
    lines = [f"{scenario}: {len(found)} fields differ ({names[0]} / {names[1]})"]
    for name, (reference, subject) in found.items():
        lines += [f"  {name}", f"    {names[0]:>6}: {reference!r}", f"    {names[1]:>6}: {subject!r}"]
    return "\n".join(lines)
