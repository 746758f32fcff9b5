"""Options of the whole suite, and the list of tests that wait for a feature.

tests/pending.txt holds prefixes of node ids (relative to tests/) that are known
not to pass yet. They are deselected and counted aloud; the aim is an empty file.
"""
import os
from pathlib import Path

import pytest

# Before anything imports grpc: its handlers abort the child that a subprocess is until it becomes the program.
os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "0"

HERE = Path(__file__).parent
PENDING = HERE / "pending.txt"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--envoy-only", action="store_true", help="judge Envoy by itself: proves harness and scenarios")
    parser.addoption("--smuggling-seed", type=int, help="repeat a run of tests/smuggling")
    parser.addoption("--run-pending", action="store_true", help="run also what pending.txt lists")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "proa_only: about what Envoy does not promise; left out of --envoy-only")
    config.addinivalue_line("markers", "xdist_group(name): tests that share a running proxy")


def pending_prefixes() -> tuple[str, ...]:
    lines = PENDING.read_text().splitlines() if PENDING.exists() else []
    return tuple(line.strip() for line in lines if line.strip() and not line.startswith("#"))


def node_id(item: pytest.Item) -> str:
    """Relative to tests/, whatever directory pytest was started in."""
    inside = item.path.relative_to(HERE).as_posix()
    return inside + "::" + item.nodeid.split("::", 1)[1]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--envoy-only"):
        waiting = [item for item in items if item.get_closest_marker("proa_only")]
    elif config.getoption("--run-pending"):
        waiting = []
    else:
        prefixes = pending_prefixes()
        waiting = [item for item in items if prefixes and node_id(item).startswith(prefixes)]
    if waiting:
        config.hook.pytest_deselected(items=waiting)
        items[:] = [item for item in items if item not in waiting]
    config.stash[_count] = len(waiting)


_count = pytest.StashKey[int]()


def pytest_terminal_summary(terminalreporter, config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        word = "not Envoy's" if config.getoption("--envoy-only") else "pending"
        terminalreporter.write_line(f"{word}: {config.stash.get(_count, 0)}")
