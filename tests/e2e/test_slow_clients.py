"""Slow clients, too many clients, clients that stop reading: bounded, and harmless to others."""
import os

import pytest

from tests.e2e.load import ROUNDS, Load, normal_p99, suffers
from tests.e2e.test_h2_floods import GROWTH, MB, settle
from tests.support.client_h1 import Http1Client, encode
from tests.support.client_h2 import Http2Client
from tests.support.deadline import wait_for
from tests.support.reply import Reply

TIMEOUTS = """
listeners:
  main: {hcm: {request_headers_timeout: 1s, stream_idle_timeout: 1s, common_http_protocol_options: {idle_timeout: 5s}}}
"""
MANY = 300


def slow(start, kind, first: bytes, crumbs: bytes):
    """MANY connections send `first`, then one crumb at a time; all must be ended by a timeout."""
    world = start(TIMEOUTS)
    calm = world.dial("main")
    usual = normal_p99(calm)
    for _ in range(ROUNDS):
        now = p99_beside_slow_clients(world, calm, first, crumbs)
        if kind == "envoy" or not suffers(calm, usual, now):
            return
    pytest.fail(f"p99 {usual * 1000:.1f} ms became {now * 1000:.1f} ms in each of {ROUNDS} rounds")


def p99_beside_slow_clients(world, calm, first: bytes, crumbs: bytes) -> float:
    rss = world.proxy.program.resident_bytes()
    clients = [Http1Client(calm) for _ in range(MANY)]
    for client in clients:
        client.send(first)
    grown = 0
    with Load(calm) as load:
        left, crumb = set(clients), 0

        def all_ended() -> bool:
            nonlocal crumb, grown
            crumb += 1
            grown = max(grown, world.proxy.program.resident_bytes() - rss)
            for client in list(left):
                try:
                    if crumb % 10 == 0 and crumbs:
                        client.send(crumbs[crumb // 10 % len(crumbs):][:1])
                    client.socket.setblocking(False)
                    if client.socket.recv(1000):
                        left.discard(client)
                except BlockingIOError:
                    client.socket.setblocking(True)
                except OSError:
                    left.discard(client)
            return not left
        wait_for(all_ended, "every slow connection to be ended", 20, every=0.02)
    for client in clients:
        client.close()
    assert load.failures == []
    assert grown <= GROWTH, f"grew by {grown / MB:.1f} MB"
    return load.p99()


def test_slowloris(start, kind):
    slow(start, kind, b"GET / HTTP/1.1\r\nhost: h\r\n", b"x-slow: 1\r\n")


def test_slow_body_that_stops(start, kind):
    slow(start, kind, b"POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 1000\r\n\r\n", b"")


def test_silent_connections(start, kind):
    world = start("listeners: {main: {hcm: {common_http_protocol_options: {idle_timeout: 0.5s}}}}")
    clients = [Http1Client(world.dial("main")) for _ in range(50)]
    assert {client.closed_by_peer(5.0) for client in clients} == {"closed"}


def test_reader_that_stops_http1(start, kind):
    """A client asks for 64 MB and does not read: the proxy stops reading from the origin."""
    world = start("listeners: {main: {routes: [{match: {prefix: /}, route: {cluster: a, timeout: 0s}}]}}")
    world.origins["a"].script = lambda received: Reply(body=b"x" * 64 * MB)
    rss = world.proxy.program.resident_bytes()
    with Http1Client(world.dial("main")) as client:
        client.send(encode("GET", "/", [("host", "h")]))
        wait_for(lambda: world.origins["a"].requests, "the request at the origin")
        settle(world)
        assert world.proxy.program.resident_bytes() - rss <= GROWTH or kind == "envoy"
        answer = client.response()
    assert len(answer.body) == 64 * MB, "and everything arrives once the client reads"


def test_reader_that_stops_http2(start, kind):
    world = start("listeners: {main: {routes: [{match: {prefix: /}, route: {cluster: h2, timeout: 0s}}]}}\nclusters: {h2: {endpoints: [a], protocol: h2}}")
    world.origins["a"].script = lambda received: Reply(body=b"x" * 16 * MB)
    rss = world.proxy.program.resident_bytes()
    with Http2Client(world.dial("main", seconds=20.0)) as client:
        stream = client.start("GET", "/")
        wait_for(lambda: world.origins["a"].requests, "the request at the origin")
        settle(world)
        assert world.proxy.program.resident_bytes() - rss <= GROWTH or kind == "envoy"
        assert len(client.wait(stream).body) == 16 * MB


def test_origin_that_stops_reading(start, kind):
    """An upload to an origin that does not read is held back at the client, not in the proxy."""
    from tests.support.tcp_origin import Manners
    world = start("listeners: {main: {routes: [{match: {prefix: /}, route: {cluster: stuck, timeout: 0s}}]}}\nclusters: {stuck: {}}", origins={"stuck": {"tcp": True}})
    world.tcp["stuck"].reset(Manners(stop_reading=True))
    rss = world.proxy.program.resident_bytes()
    with Http1Client(world.dial("main", seconds=1.0)) as client:
        client.send(encode("POST", "/", [("host", "h"), ("content-length", str(64 * MB))]))
        sent = 0
        try:
            while sent < 64 * MB:
                sent += client.socket.send(b"x" * 65536)
        except TimeoutError:
            pass
        settle(world)
        assert sent < 40 * MB, "the client was never held back"
        assert world.proxy.program.resident_bytes() - rss <= GROWTH


def test_out_of_file_descriptors(start, kind):
    """With no descriptor left the proxy neither dies nor spins, and serves again once there are some."""
    if os.environ.get("PROA_SANITIZED") == "asan":
        pytest.skip("UBSan looks at memory through a pipe, and takes an object for none when it cannot open one")
    import resource
    world = start()
    program = world.proxy.program
    open_now = len(os.listdir(f"/proc/{program.pid}/fd"))
    resource.prlimit(program.pid, resource.RLIMIT_NOFILE, (open_now + 20, open_now + 20))
    clients = [Http1Client(world.dial("main")) for _ in range(60)]
    before = cpu_ticks(program.pid)
    clients[0].closed_by_peer(1.0)                       # a second of wall time in which nothing should happen
    assert cpu_ticks(program.pid) - before < os.sysconf("SC_CLK_TCK") / 2, "the proxy is spinning"
    for client in clients:
        client.close()

    def served() -> bool:
        try:
            with Http1Client(world.dial("main", seconds=1.0)) as client:
                return client.request("GET", "/", [("host", "h")]).status == 200
        except OSError:
            return False
    wait_for(served, "service to resume", 10)


def cpu_ticks(pid: int) -> int:
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])
