"""Taking a proxy out of service loses no request."""
import signal

import pytest

from tests.e2e.load import Load
from tests.support.client import Dial
from tests.support.client_h1 import Http1Client, encode
from tests.support.client_h2 import Http2Client
from tests.support.deadline import wait_for
from tests.support.reply import Reply

FAST = ("--drain-time-s", "1", "--drain-strategy", "immediate")


def test_http1_connections_are_told_to_close(start):
    world = start(flags=FAST)
    with Http1Client(world.dial("main")) as client:
        assert client.request("GET", "/", [("host", "h")]).header("connection") == []
        world.admin.post("/drain_listeners?graceful&skip_exit")
        answer = client.request("GET", "/", [("host", "h")])
        assert (answer.status, answer.header("connection")) == (200, ["close"])


def test_http2_connections_get_goaway_and_finish_their_streams(start):
    world = start(flags=FAST)
    world.origins["a"].script = lambda received: Reply(delay_s=0.3)
    with Http2Client(world.dial("main")) as client:
        stream = client.start("GET", "/")
        wait_for(lambda: world.origins["a"].requests, "the request at the origin")
        world.admin.post("/drain_listeners?graceful&skip_exit")
        assert client.wait(stream).status == 200
        wait_for(lambda: (client.pump(), client.goaway is not None or client.ended)[1], "GOAWAY")
        assert client.goaway in (0, None)


def refused(world, listener: str) -> bool:
    try:
        world.dial(listener, seconds=0.2).connect().close()
        return False
    except OSError:
        return True


def test_new_connections_are_refused_after_drain(start):
    world = start(flags=FAST)
    world.admin.post("/drain_listeners")
    wait_for(lambda: refused(world, "main"), "the listener to close")


def test_a_drain_may_be_for_inbound_listeners_only(start):
    world = start("listeners: {main: {}, inside: {listener: {traffic_direction: INBOUND}}}", flags=FAST)
    world.admin.post("/drain_listeners?inboundonly")
    wait_for(lambda: refused(world, "inside"), "the inbound listener to close")
    with Http1Client(world.dial("main")) as client:
        assert client.request("GET", "/", [("host", "h")]).status == 200


def test_failed_health_check_announces_close(start):
    world = start(flags=FAST)
    world.admin.post("/healthcheck/fail")
    with Http1Client(world.dial("main")) as client:
        assert client.request("GET", "/", [("host", "h")]).header("connection") == ["close"]


@pytest.mark.proa_only
def test_sigterm_finishes_requests_in_flight(start):
    """A request that was accepted before the signal is answered; then the process ends with 0."""
    world = start(flags=FAST)
    world.origins["a"].script = lambda received: Reply(delay_s=0.3)
    with Http1Client(world.dial("main")) as client:
        client.send(encode("GET", "/", [("host", "h")]))
        wait_for(lambda: world.origins["a"].requests, "the request at the origin")
        world.proxy.program.signal(signal.SIGTERM)
        assert client.response().status == 200
    assert world.proxy.program.wait_end() == 0


@pytest.mark.proa_only
def test_sighup_reload_loses_no_keep_alive_request(start):
    """Twenty reloads, each with a changed route table, under keep-alive load."""
    world = start()
    with Load(Dial(world.port("main"))) as load:
        for round_ in range(20):
            rewrite(world, f"round-{round_}")
            world.proxy.program.signal(signal.SIGHUP)
            wait_for(lambda: answers_with(world, f"round-{round_}"), "the new configuration")
    assert load.failures == [] and load.count() > 100


@pytest.mark.proa_only
def test_sighup_with_a_broken_file_keeps_the_old_configuration(start):
    world = start()
    world.proxy.config_path.write_text("static_resources: {listeners: [")
    with Load(Dial(world.port("main"))) as load:
        world.proxy.program.signal(signal.SIGHUP)
        wait_for(lambda: load.count() > 100, "more requests")
    assert load.failures == []
    assert world.admin.ready()


RBAC = {"name": "envoy.filters.network.rbac", "typed_config": {
    "@type": "type.googleapis.com/envoy.extensions.filters.network.rbac.v3.RBAC", "stat_prefix": "r",
    "rules": {"policies": {"all": {"permissions": [{"any": True}], "principals": [{"any": True}]}}}}}


@pytest.mark.proa_only
def test_a_reload_with_another_network_filter_ends_the_connections_of_before(start):
    """They were admitted without it."""
    world = start(flags=FAST)
    with Http1Client(world.dial("main")) as client:
        for mark, filters, connection in (("routes", [], []), ("filter", [RBAC], ["close"])):
            rewrite(world, mark, filters)
            world.proxy.program.signal(signal.SIGHUP)
            wait_for(lambda: answers_with(world, mark), "the new configuration")
            assert client.request("GET", "/", [("host", "h")]).header("connection") == connection


def rewrite(world, mark: str, network_filters: list[dict] = ()) -> None:
    """Writes the configuration anew with a response header that tells the version, and with filters before HTTP's."""
    import json
    whole = json.loads(world.proxy.config_path.read_text())
    filters = whole["static_resources"]["listeners"][0]["filter_chains"][0]["filters"]
    filters[:-1] = network_filters
    routes = filters[-1]["typed_config"]["route_config"]
    routes["response_headers_to_add"] = [{"header": {"key": "x-version", "value": mark}}]
    del whole["admin"]
    world.proxy.write_config(whole)


def answers_with(world, mark: str) -> bool:
    with Http1Client(world.dial("main")) as client:
        return client.request("GET", "/", [("host", "h")]).header("x-version") == [mark]
