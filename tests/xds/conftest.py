import pytest

from tests.xds.world import World


@pytest.fixture
def kind(request) -> str:
    return "envoy" if request.config.getoption("--envoy-only") else "proa"


@pytest.fixture(params=["GRPC", "DELTA_GRPC"])
def world(request, kind, tmp_path):
    made = World(tmp_path, kind, request.param)
    yield made
    made.stop()
