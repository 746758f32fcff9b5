import os

import pytest

from tests.istiod import namespace
from tests.istiod.mesh import Mesh

needs_network = pytest.mark.skipif(os.geteuid() != 0 or not namespace.possible(), reason="no network namespaces here")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/istiod/" in item.path.as_posix():
            item.add_marker(needs_network)
            item.add_marker(pytest.mark.proa_only)


def _mesh(name: str):
    @pytest.fixture(scope="module", params=["DELTA_GRPC"])
    def made(request, tmp_path_factory):
        mesh = Mesh(tmp_path_factory.mktemp(name), name, request.param)
        yield mesh
        mesh.stop()
    return made


productpage = _mesh("productpage")
ratings = _mesh("ratings")
gateway = _mesh("gateway")
