"""Finds every feature: each module of tests/parity/scenarios has one or more."""
import importlib
import pkgutil

from tests.parity import scenarios
from tests.parity.feature import Feature


def features() -> list[Feature]:
    found = []
    for module in sorted(m.name for m in pkgutil.iter_modules(scenarios.__path__)):
        loaded = importlib.import_module(f"{scenarios.__name__}.{module}")
        found += [value for value in vars(loaded).values() if isinstance(value, Feature)]
    names = [feature.name for feature in found]
    assert len(names) == len(set(names)), f"two features of one name: {names}"
    return found
