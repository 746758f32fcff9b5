"""Queries to the name server go to the agent's port, those of the proxy to where they were sent."""
import socket

import pytest

from tests.redirect.pod import LOOPBACK, PEER, POD, SERVICE, UID, Pod
from tests.redirect.test_capture import BACKENDS, FAMILIES

KINDS = (socket.SOCK_DGRAM, socket.SOCK_STREAM)


def prepared(backend: str, *words: str) -> Pod:
    made = Pod(proxy=False)
    try:
        for kind in KINDS:
            for host in LOOPBACK.values():                    # a wildcard would answer from another address
                made.serve(made.pod, "agent", host, 15053, kind, UID)
            made.serve(made.pod, "local", "127.0.0.53", 53, kind)
        for host in (*SERVICE.values(), *PEER.values()):
            made.serve(made.peer, "server", host, 53, socket.SOCK_DGRAM)
        made.proa("apply", "--backend", backend, "--redirect-dns", *words)
    except BaseException:
        made.stop()
        raise
    return made


@pytest.fixture(scope="module", params=BACKENDS)
def some(request):
    """Only what is sent to two servers."""
    made = prepared(request.param, "--dns-servers", f"{SERVICE[4]},{SERVICE[6]},127.0.0.53")
    yield made
    made.stop()


@pytest.fixture(scope="module", params=BACKENDS)
def every(request):
    made = prepared(request.param, "--capture-all-dns")
    yield made
    made.stop()


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("kind", KINDS, ids=("udp", "tcp"))
def test_a_query_of_the_application_comes_to_the_agent(some, family, kind):
    for _ in range(3):                                        # and answers find back, time after time
        assert some.app.say(SERVICE[family], 53, kind=kind).startswith("agent ")


@pytest.mark.parametrize("family", FAMILIES)
def test_a_query_of_the_agent_goes_to_the_server(some, family):
    for _ in range(3):
        answer = some.proxy_user.say(SERVICE[family], 53, kind=socket.SOCK_DGRAM)
        assert answer.startswith(f"server {POD[family]} ")
    assert some.proxy_user.say(SERVICE[family], 53).startswith(f"service {POD[family]} ")


def test_a_server_that_is_not_named_is_asked_directly(some):
    assert some.app.say(PEER[4], 53, kind=socket.SOCK_DGRAM).startswith("server ")


@pytest.mark.parametrize("kind", KINDS, ids=("udp", "tcp"))
def test_a_server_on_lo_is_captured_too(some, kind):
    assert some.app.say("127.0.0.53", 53, kind=kind).startswith("agent ")
    assert some.proxy_user.say("127.0.0.53", 53, kind=kind).startswith("local ")


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("kind", KINDS, ids=("udp", "tcp"))
def test_every_query_comes_to_the_agent(every, family, kind):
    for host in (SERVICE[family], PEER[family]):
        assert every.app.say(host, 53, kind=kind).startswith("agent ")


def test_the_same_port_on_both_sides_is_no_confusion(some):
    """Connection tracking would take the agent's own query for the application's: zones keep them apart."""
    for _ in range(3):
        assert some.app.say(SERVICE[4], 53, f"{POD[4]}", kind=socket.SOCK_DGRAM).startswith("agent ")
        assert some.proxy_user.say(SERVICE[4], 53, f"{POD[4]}", kind=socket.SOCK_DGRAM).startswith("server ")
