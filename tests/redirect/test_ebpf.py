"""What programs at sockets do that rules do not: who is known, what stays, what replaces what."""
import re
import socket
import threading

import pytest

from tests.redirect.netns import Caller, Netns, run
from tests.redirect.pod import PEER, POD, SERVICE, Pod, cgroups, proa
from tests.redirect.test_capture import FAMILIES, captured, direct, require_ebpf


@pytest.fixture
def pod():
    require_ebpf()
    made = Pod(ebpf=True)
    yield made
    made.stop()


def pins(pod: Pod) -> list[str]:
    """But for what each bpf file system has from the kernel."""
    return sorted(file.name for file in (pod._directory / "bpf").rglob("*") if file.suffix != ".debug")


def apply(pod: Pod, *words: str) -> str:
    return pod.proa("apply", *pod.ebpf_words, *words).stdout


def test_clean_leaves_nothing(pod):
    assert pins(pod) == []
    apply(pod)
    assert "on_lookup" in pins(pod)
    assert pod.proa("clean", *pod.ebpf_words).stdout.startswith("removed the eBPF programs\n")
    assert pins(pod) == []
    assert direct(pod, lambda: pod.app.say(SERVICE[4], 80)).startswith("service ")
    assert direct(pod, lambda: pod.client.say(POD[4], 8080)).startswith("app ")


def test_apply_twice_is_apply_once(pod):
    apply(pod)
    once = pins(pod)
    apply(pod)
    assert pins(pod) == once
    captured(pod, "out", lambda: pod.app.say(SERVICE[4], 80))
    captured(pod, "in", lambda: pod.client.say(POD[4], 8080))


def test_other_options_take_the_place_of_the_old_ones(pod):
    apply(pod, "-o", "80")
    direct(pod, lambda: pod.app.say(SERVICE[4], 80))
    apply(pod, "-i", "10.9.9.0/24", "-b", "8081", "--capture-groups", "2000")
    java = pod.caller(1000, 2000)
    captured(pod, "out", lambda: java.say(SERVICE[4], 80))
    direct(pod, lambda: pod.app.say(SERVICE[4], 80))
    direct(pod, lambda: java.say(SERVICE[6], 80))
    direct(pod, lambda: java.say("10.8.8.8", 80))
    captured(pod, "in", lambda: pod.client.say(POD[4], 8081))
    direct(pod, lambda: pod.client.say(POD[4], 8080))


def test_check_sees_other_options_and_addresses(pod):
    apply(pod)
    assert "FAIL" not in pod.proa("check", *pod.ebpf_words).stdout
    different = "FAIL the rules are not as asked: they were made with other options, or this host had other addresses then"
    assert different in pod.proa("check", *pod.ebpf_words, "-o", "80", check=False).stdout
    with pod.pod:
        run("ip", "address", "add", "10.9.0.77/24", "dev", "eth0")
    assert different in pod.proa("check", *pod.ebpf_words, check=False).stdout
    apply(pod)
    assert "FAIL" not in pod.proa("check", *pod.ebpf_words).stdout
    assert direct(pod, lambda: pod.app.say("10.9.0.77", 8080)).startswith("app ")
    next((pod._directory / "bpf").rglob("on_connect6")).unlink()
    assert "on_connect6 is missing" in pod.proa("check", *pod.ebpf_words, check=False).stdout


@pytest.mark.parametrize("family", FAMILIES)
def test_a_proxy_that_starts_later_is_known(family):
    require_ebpf()
    made = Pod(ebpf=True, before=apply)
    try:
        captured(made, "in", lambda: made.client.say(POD[family], 8080))
        captured(made, "out", lambda: made.app.say(SERVICE[family], 80))
    finally:
        made.stop()


@pytest.mark.parametrize("family", FAMILIES)
def test_without_a_proxy_nobody_gets_in(family):
    """It must not be passed by."""
    require_ebpf()
    made = Pod(ebpf=True, proxy=False)
    try:
        apply(made)
        assert made.client.say(POD[family], 8080) == "ConnectionRefusedError"
        assert made.client.say(POD[family], 22).startswith("app ")
        assert made.app.say(SERVICE[family], 80) == "ConnectionRefusedError"
    finally:
        made.stop()


def test_it_takes_over_from_rules_and_gives_back(pod):
    pod.proa("apply")
    assert "removed the table inet proa of nftables" in apply(pod)
    captured(pod, "out", lambda: pod.app.say(SERVICE[4], 80))
    assert "removed the eBPF programs" in pod.proa("apply", "--bpffs", pod.ebpf_words[-1]).stdout
    captured(pod, "out", lambda: pod.app.say(SERVICE[4], 80))
    captured(pod, "in", lambda: pod.client.say(POD[4], 8080))


def test_no_moment_is_uncaptured(pod):
    apply(pod)
    ended = threading.Event()

    def change() -> None:
        for number in range(12):
            apply(pod, "-o", str(440 + number % 3))
        ended.set()
    thread = threading.Thread(target=change)
    before, calls = pod.taken(), 0
    thread.start()
    while not ended.is_set():
        assert pod.app.say(SERVICE[4], 80).startswith("service ")
        assert pod.client.say(POD[4], 8080).startswith("app 127.0.0.6 ")
        calls += 1
    thread.join()
    after = pod.taken()
    assert (after["out"] - before["out"], after["in"] - before["in"]) == (calls, calls)


def test_a_failure_leaves_the_old_programs(pod):
    apply(pod)
    before = pins(pod)
    done = pod.proa("apply", "-m", "EBPF", "--cgroup", "/tmp", "--bpffs", pod.ebpf_words[-1], check=False)
    assert (done.returncode, done.stderr) == (1, "proa: --cgroup: /tmp is no folder of cgroup2; write the workload's\n")
    assert pins(pod) == before
    captured(pod, "out", lambda: pod.app.say(SERVICE[4], 80))


@pytest.mark.parametrize("family", FAMILIES)
def test_the_application_sees_whom_it_called(pod, family):
    apply(pod)
    assert captured(pod, "out", lambda: pod.app.peer(SERVICE[family], 80)) == f"{SERVICE[family]}:80"


def test_others_are_not_concerned(pod):
    """Another cgroup in the same network, another network in the same cgroup tree."""
    apply(pod)
    assert direct(pod, lambda: Caller(pod.pod).say(SERVICE[4], 80)).startswith("service ")
    assert direct(pod, lambda: pod.app.say(PEER[4], 53, kind=socket.SOCK_DGRAM)) == "ConnectionRefusedError"   # UDP


def test_the_mark_tells_the_proxy():
    require_ebpf()
    made = Pod(ebpf=True, mark=9)
    try:
        apply(made, "-u", "", "-g", "", "--proxy-mark", "9")
        root = made.caller(0, 0)
        assert captured(made, "out", lambda: root.say(SERVICE[4], 80)).startswith("service ")
        assert direct(made, lambda: made.caller(0, 0, 9).say(SERVICE[4], 80)).startswith("service ")
    finally:
        made.stop()


@pytest.mark.parametrize("words, why", [
    (("--redirect-dns", "--capture-all-dns"), "--redirect-dns: not with --mode EBPF"), (("-c", "eth1"), "--exclude-interfaces"),
    (("--drop-invalid",), "--drop-invalid")], ids=str)
def test_what_only_rules_can_do_is_refused(words, why):
    with Netns() as netns:
        done = proa(netns, "apply", "-m", "EBPF", "--cgroup", "/x", *words, check=False)
    assert done.returncode == 2 and why in done.stderr


def test_a_missing_file_system_is_named(tmp_path):
    require_ebpf()
    with Netns() as netns:
        done = proa(netns, "apply", "-m", "EBPF", "--cgroup", str(cgroups()), "--bpffs", str(tmp_path), check=False)
    assert re.fullmatch(rf"proa: --bpffs: {tmp_path} is no bpf file system; mount -t bpf bpf {tmp_path}\n", done.stderr)
