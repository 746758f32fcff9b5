"""gRPC's negative HTTP/2 tests: a server that misbehaves behind the proxy, and grpc-go's official client."""
import subprocess

import pytest

from tests.interop.negative_http2_server import NegativeServer
from tests.parity.feature import Feature
from tests.parity.world import World
from tests.support.binaries import go_tool

NEGATIVE = Feature("negative_http2", """
listeners:
  plain: {routes: [{match: {prefix: /}, route: {cluster: server, timeout: 0s}}]}
clusters:
  server: {endpoints: [server], protocol: h2}
""")
CASES = ["goaway", "rst_after_header", "rst_during_data", "rst_after_data", "ping", "max_streams"]


@pytest.fixture
def server(request):
    server = NegativeServer(request.param)
    yield server
    server.close()


@pytest.fixture
def world(server, tmp_path, request):
    kind = "envoy" if request.config.getoption("--envoy-only") else "proa"
    world = World(NEGATIVE, kind, tmp_path, {"server": server.port})
    yield world
    world.stop()


@pytest.mark.parametrize("server", CASES, indirect=True)
def test_negative_http2(server, world):
    said = subprocess.run([go_tool("grpc_negative_http2_client"), "-server_host", "127.0.0.1", "-server_port",
                           str(world.port("plain")), "-test_case", server.case], capture_output=True, text=True, timeout=60)
    if server.case == "rst_during_data":
        # The client wants UNKNOWN, but grpc-go says INTERNAL of this reset, without a proxy too.
        assert "Internal, want _, Unknown" in said.stderr, said.stdout + said.stderr
    else:
        assert said.returncode == 0, said.stdout + said.stderr
    assert server.errors == []
    if server.case == "goaway":
        assert server.connections == 2
    if server.case == "ping":
        assert server.pings > 20 and server.acks == server.pings
    if server.case == "max_streams":
        assert server.most_streams == 1
