"""S11: an answer that comes before the body was read must not let the body be read as a request."""
import pytest

from tests.parity.feature import Feature
from tests.parity.world import World
from tests.smuggling.court import echo
from tests.support.client_h1 import Http1Client

BODY = b"GET /smuggled HTTP/1.1\r\nhost: h\r\n\r\n"
NEXT = b"GET /next HTTP/1.1\r\nhost: h\r\n\r\n"
EARLY = Feature("desync", """
listeners:
  main:
    filters: [{rbac: {rules: {action: DENY, policies: {p: {permissions: [{url_path: {path: {prefix: /rbac}}}], principals: [{any: true}]}}}}}, {buffer: {max_request_bytes: 10}}]
    routes:
    - {match: {prefix: /direct}, direct_response: {status: 403}}
    - {match: {prefix: /redirect}, redirect: {path_redirect: /x}}
    - {match: {prefix: /dead}, route: {cluster: refused}}
    - {match: {prefix: /buffer}, route: {cluster: a}}
    - {match: {prefix: /next}, route: {cluster: a}}
    - {match: {prefix: /smuggled}, route: {cluster: a}}
clusters: {refused: {}}
""")


@pytest.fixture(scope="module")
def world(tmp_path_factory, request):
    world = World(EARLY, "envoy" if request.config.getoption("--envoy-only") else "proa", tmp_path_factory.mktemp("desync"))
    world.origins["a"].script = echo
    yield world
    world.stop()


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
@pytest.mark.parametrize("together", [True, False], ids=["one_packet", "body_later"])
@pytest.mark.parametrize("path", ["/direct", "/redirect", "/rbac", "/dead", "/buffer", "/none"])
def test_body_of_a_refused_request_is_never_a_request(world, path, together, chunked):
    world.origins["a"].requests = []
    body = BODY * 20
    framing = "transfer-encoding: chunked" if chunked else f"content-length: {len(body)}"
    head = f"POST {path} HTTP/1.1\r\nhost: h\r\n{framing}\r\n\r\n".encode()
    body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body) if chunked else body
    with Http1Client(world.dial("main", seconds=2.0)) as client:
        client.send(head + body + NEXT, cuts=() if together else (len(head), len(head) + 7))
        first, second = client.response("POST"), client.response()
    assert first.status in (301, 403, 404, 413, 503)
    assert [r.path for r in world.origins["a"].requests] in ([], ["/next"])
    assert second.status in (0, 200), "either the connection ended, or the next request was served"
