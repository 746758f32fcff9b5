"""Keeps the two worlds of one feature alive while its scenarios run."""
import pytest

from tests.parity.feature import Feature
from tests.parity.world import World

DIFFERED_ONCE = "differed once"


class Worlds:
    """Call with a feature: (Envoy's world, the other one). One feature at a time."""

    def __init__(self, factory: pytest.TempPathFactory, envoy_only: bool):
        self._factory, self.envoy_only = factory, envoy_only
        self._feature: Feature | None = None
        self._pair: list[World] = []
        self._broken: Exception | None = None
        self.ran: set[str] = set()

    def __call__(self, feature: Feature) -> list[World]:
        if feature is not self._feature:
            self.stop()
            self._feature, self._broken = feature, None
            try:
                for role, kind in (("reference", "envoy"), ("subject", "envoy" if self.envoy_only else "proa")):
                    self._pair.append(World(feature, kind, self._factory.mktemp(feature.name) / role))
            except Exception as error:
                self._broken = error
        if self._broken:
            raise AssertionError(f"{feature.name}: {self._broken}")
        return self._pair

    def stop(self) -> None:
        for world in self._pair:
            world.stop()
        self._pair = []


@pytest.fixture(scope="session")
def worlds(tmp_path_factory, request):
    held = Worlds(tmp_path_factory, request.config.getoption("--envoy-only"))
    yield held
    held.stop()


def pytest_terminal_summary(terminalreporter, config) -> None:
    if hasattr(config, "workerinput"):
        return
    for passed in terminalreporter.stats.get("passed", []):
        for name, report in passed.user_properties:
            if name == DIFFERED_ONCE:
                terminalreporter.write_line(f"differed once, then agreed: {report}")
