import os

import pytest

from tests.redirect import netns

needs_network = pytest.mark.skipif(os.geteuid() != 0 or not netns.possible(), reason="no network namespaces here")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/redirect/" in item.path.as_posix():
            item.add_marker(needs_network)
            item.add_marker(pytest.mark.proa_only)
