"""Official gRPC clients and servers do not notice that the proxy is between them.

Every language against Go and against itself, as client and as server, in clear
text on both sides and with TLS on both sides.
"""
import subprocess

import pytest

from tests.interop.peers import LANGUAGES, OFFICIAL
from tests.parity.feature import Feature
from tests.parity.world import World
from tests.support.binaries import ROOT

GRPC = Feature("interop", """
listeners:
  plain:
    routes: [{match: {prefix: /}, route: {cluster: server, timeout: 0s}}]
  tls:
    tls: {common_tls_context: {alpn_protocols: [h2], tls_certificates: [{certificate_chain: {filename: "${server.crt}"}, private_key: {filename: "${server.key}"}}]}}
    routes: [{match: {prefix: /}, route: {cluster: server_tls, timeout: 0s}}]
clusters:
  server: {endpoints: [server], protocol: h2}
  server_tls: {endpoints: [server_tls], protocol: h2, tls: {sni: server.test, common_tls_context: {alpn_protocols: [h2], validation_context: {trusted_ca: {filename: "${ca.crt}"}}}}}
""")


PAIRS = [(server, client) for server in LANGUAGES for client in LANGUAGES if server == client or "go" in (server, client)]


@pytest.fixture(scope="module")
def through(request, tmp_path_factory):
    """One language's two servers (clear text and TLS) behind one proxy."""
    directory = tmp_path_factory.mktemp(f"interop-{request.param}")
    server = LANGUAGES[request.param].server
    programs, ports = [], {}
    for name, tls in (("server", False), ("server_tls", True)):
        program, ports[name] = server(tls, directory / f"{name}.log")
        programs.append(program)
    kind = "envoy" if request.config.getoption("--envoy-only") else "proa"
    world = World(GRPC, kind, directory / "world", ports)
    yield world
    world.stop()
    for program in programs:
        program.stop(kill=True)


@pytest.mark.parametrize("listener", ["plain", "tls"])
@pytest.mark.parametrize("case", OFFICIAL)
@pytest.mark.parametrize("through, client", PAIRS, indirect=["through"], scope="module")
def test_official_case(through, client, case, listener):
    run(LANGUAGES[client].client(through.port(listener), case, listener == "tls"))


@pytest.mark.parametrize("listener", ["plain", "tls"])
@pytest.mark.parametrize("through", LANGUAGES, indirect=True, scope="module")
def test_ten_thousand_messages_each_way(through, listener):
    run(LANGUAGES["python"].client(through.port(listener), "stream_10000", listener == "tls"))


@pytest.mark.parametrize("listener", ["plain", "tls"])
@pytest.mark.parametrize("case", ["health", "reflection"])
@pytest.mark.parametrize("through", ["python"], indirect=True, scope="module")
def test_standard_services_pass_through(through, case, listener):
    run(LANGUAGES["python"].client(through.port(listener), case, listener == "tls"))


def run(command: list[str]) -> None:
    said = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=ROOT)
    assert said.returncode == 0, (said.stdout + said.stderr)[-2000:]
