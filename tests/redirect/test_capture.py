"""Which connections come to the proxy, as what, and which do not: reference list of interception tests, for every way."""
import pytest

from tests.redirect.netns import Netns
from tests.redirect.pod import LOOPBACK, PEER, POD, PROXY_SOURCE, SERVICE, Pod, cgroups, proa

BACKENDS = ("nft", "iptables-nft", "iptables-legacy")
FAMILIES = (4, 6)


@pytest.fixture(scope="module", ids="-".join,
                params=[*((backend, mode) for backend in BACKENDS for mode in ("REDIRECT", "TPROXY")), ("sockets", "EBPF")])
def pod(request):
    backend, mode = request.param
    if mode == "EBPF":
        require_ebpf()
    made = Pod(tproxy=mode == "TPROXY", ebpf=mode == "EBPF")
    made.seen = {n: LOOPBACK[n] if mode == "EBPF" else POD[n] for n in FAMILIES}    # whom the proxy sees
    try:
        words = made.ebpf_words if mode == "EBPF" else ("--backend", backend, "-m", mode)
        made.proa("apply", *words, "-d", "8081", "-o", "5432", "-x", "10.8.0.0/16,fd08::/16")
        made.proa("check", *words, "-d", "8081", "-o", "5432", "-x", "10.8.0.0/16,fd08::/16")
        yield made
    finally:
        made.stop()


def require_ebpf() -> None:
    if not cgroups():
        pytest.skip("cgroup2 is not mounted")
    with Netns() as netns:
        checked = proa(netns, "check", "-m", "EBPF", "--cgroup", str(cgroups()), check=False).stdout
    for line in checked.splitlines():
        if "does not take the programs" in line:
            pytest.skip(line)


def at(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def captured(pod: Pod, listener: str, call) -> str:
    """What the call is answered, and that it came to that listener alone."""
    before = pod.taken()
    answer = call()
    assert pod.taken() == {**before, listener: before[listener] + 1}, answer
    return answer


def direct(pod: Pod, call) -> str:
    before = pod.taken()
    answer = call()
    assert pod.taken() == before, answer
    return answer


@pytest.mark.parametrize("family", FAMILIES)
def test_outbound_comes_to_the_proxy_with_its_destination(pod, family):
    answer = captured(pod, "out", lambda: pod.app.say(SERVICE[family], 80))
    assert answer == f"service {POD[family]} {SERVICE[family]}:80"
    pod.wait_log(f"out {at(SERVICE[family], 80)} from {pod.seen[family]}")


@pytest.mark.parametrize("family", FAMILIES)
def test_inbound_comes_to_the_proxy_with_its_destination(pod, family):
    answer = captured(pod, "in", lambda: pod.client.say(POD[family], 8080))
    assert answer == f"app {PROXY_SOURCE[family]} {POD[family]}:8080"
    pod.wait_log(f"in {at(POD[family], 8080)} from {PEER[family]}")


@pytest.mark.parametrize("family", FAMILIES)
def test_the_proxy_calls_its_own_pod_through_inbound(pod, family):
    """The application called a service that it is an endpoint of."""
    answer = captured(pod, "in", lambda: pod.proxy_user.say(POD[family], 8080))
    assert answer == f"app {PROXY_SOURCE[family]} {POD[family]}:8080"
    pod.wait_log(f"in {at(POD[family], 8080)} from {pod.seen[family]}")


@pytest.mark.parametrize("family", FAMILIES)
def test_the_application_calls_its_own_address_directly(pod, family):
    assert direct(pod, lambda: pod.app.say(POD[family], 8080)) == f"app {POD[family]} {POD[family]}:8080"


@pytest.mark.parametrize("family", FAMILIES)
def test_localhost_is_direct(pod, family):
    own = LOOPBACK[family]
    assert direct(pod, lambda: pod.app.say(own, 8080)) == f"app {own} {own}:8080"
    assert direct(pod, lambda: pod.proxy_user.say(own, 8080)) == f"app {own} {own}:8080"


@pytest.mark.parametrize("family", FAMILIES)
def test_the_source_of_the_proxy_is_direct(pod, family):
    source = PROXY_SOURCE[family]
    answer = direct(pod, lambda: pod.proxy_user.say(POD[family], 8080, source))
    assert answer == f"app {source} {POD[family]}:8080"


@pytest.mark.parametrize("family", FAMILIES)
def test_what_the_proxy_sends_out_is_direct(pod, family):
    answer = direct(pod, lambda: pod.proxy_user.say(SERVICE[family], 80))
    assert answer == f"service {POD[family]} {SERVICE[family]}:80"


def test_the_group_of_the_proxy_is_enough(pod):
    for same in (pod.caller(1000, 1337), pod.caller(1337, 1000)):
        assert direct(pod, lambda: same.say(SERVICE[4], 80)).startswith("service")


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("port", [22, 8081, 15008, 15020])
def test_inbound_ports_that_are_excluded_are_direct(pod, family, port):
    answer = direct(pod, lambda: pod.client.say(POD[family], port))
    assert answer == f"app {PEER[family]} {POD[family]}:{port}"


@pytest.mark.parametrize("family", FAMILIES)
def test_outbound_ports_that_are_excluded_are_direct(pod, family):
    assert direct(pod, lambda: pod.app.say(SERVICE[family], 5432)).startswith("service")


def test_outbound_ranges_that_are_excluded_are_direct(pod):
    assert direct(pod, lambda: pod.app.say("10.8.8.8", 80)).startswith("service")


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("port", [15001, 15006])
def test_a_connection_to_the_proxys_own_port_does_not_go_round(pod, family, port):
    before = pod.taken()
    for caller, host in ((pod.app, LOOPBACK[family]), (pod.app, POD[family]), (pod.client, POD[family])):
        assert caller.say(host, port) in ("", "ConnectionResetError", "BrokenPipeError", "TimeoutError")
    after = pod.taken()
    assert sum(after.values()) - sum(before.values()) <= 6, (before, after)
