"""Official gRPC clients and servers do not notice that the proxy is between them.

Every client language against every server language, in clear text on both
sides and with TLS on both sides.
"""
import subprocess

import pytest

from tests.interop.peers import LANGUAGES, MORE, OFFICIAL
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


@pytest.fixture(scope="module", params=LANGUAGES)
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
    world.server_language = request.param
    yield world
    world.stop()
    for program in programs:
        program.stop(kill=True)


@pytest.mark.parametrize("listener", ["plain", "tls"])
@pytest.mark.parametrize("client", LANGUAGES)
@pytest.mark.parametrize("case", OFFICIAL)
def test_official_case(through, client, case, listener):
    run(LANGUAGES[client].client(through.port(listener), case, listener == "tls"))


@pytest.mark.parametrize("listener", ["plain", "tls"])
@pytest.mark.parametrize("case", MORE)
def test_more(through, case, listener):
    """Ten thousand messages each way; health and reflection pass through. Driven by the Python client."""
    if through.server_language != "python" and case in ("health", "reflection"):
        return                                    # only the Python server has these services
    run(LANGUAGES["python"].client(through.port(listener), case, listener == "tls"))


def run(command: list[str]) -> None:
    said = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=ROOT)
    assert said.returncode == 0, (said.stdout + said.stderr)[-2000:]
