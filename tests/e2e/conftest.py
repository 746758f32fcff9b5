"""Fixtures of the process tests: start a world from a short configuration, end it always."""
import itertools

import pytest

from tests.parity.feature import Feature
from tests.parity.world import World


@pytest.fixture
def kind(request) -> str:
    return "envoy" if request.config.getoption("--envoy-only") else "proa"


@pytest.fixture
def start(kind, tmp_path):
    """start(config, origins=..., flags=..., concurrency=...) -> World; several are possible."""
    running: list[World] = []
    serial = itertools.count()

    def begin(config: str = "listeners: {main: {}}", **options: object) -> World:
        world = World(Feature(f"e2e{next(serial)}", config, **options), kind, tmp_path / f"world{len(running)}")
        running.append(world)
        return world
    yield begin
    for world in running:
        world.stop()
