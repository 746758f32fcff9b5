"""What apply and clean leave, what check finds, and what a failure changes: nothing."""
import os
import re
import shutil
import stat
import tempfile
import threading
from pathlib import Path

import pytest

from tests.redirect.netns import Caller, Netns, run
from tests.redirect.pod import Pod, proa
from tests.redirect.test_capture import BACKENDS, captured, direct
from tests.support import binaries

EVERYTHING = ("-m", "TPROXY", "--redirect-dns", "--capture-all-dns", "-k", "net+", "-c", "eth1,veth+", "-q", "99",
              "--capture-groups", "7,8", "-i", "10.0.0.0/8,fd00::/8", "-x", "10.1.0.0/16", "--drop-invalid",
              "--proxy-mark", "9", "-u", "1337,1338")


@pytest.fixture
def netns():
    made = Netns()
    yield made
    made.close()


def state(netns: Netns) -> str:
    """All that the tools show of the namespace, without counters and dates."""
    with netns:
        shown = [run("nft", "-s", "list", "ruleset").stdout]
        for family in ("-4", "-6"):
            shown += [run("ip", family, "rule").stdout, run("ip", family, "route", "show", "table", "all").stdout]
        for save in ("iptables-legacy-save", "ip6tables-legacy-save"):
            # A table that was once used stays, empty: that of the kernel's, not of a rule.
            shown += [line for line in run(save).stdout.splitlines() if line.startswith("-A")]
            shown.append(re.sub(r"valid_lft.*", "", run("ip", "address", "show", "dev", "lo").stdout))
    return "\n".join(shown)


def unordered(text: str) -> list[str]:
    """iptables-nft shows chains in the order in which they were made."""
    return sorted(text.splitlines())


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("words", [(), EVERYTHING], ids=("plain", "everything"))
def test_clean_leaves_nothing(netns, backend, words):
    before = state(netns)
    proa(netns, "apply", "--backend", backend, *words)
    assert state(netns) != before
    proa(netns, "clean")
    assert state(netns) == before
    assert proa(netns, "clean").stdout == "nothing was there\n"


@pytest.mark.parametrize("backend", BACKENDS)
def test_what_others_have_stays(netns, backend):
    tool = "iptables" if backend == "nft" else backend
    with netns:
        run("nft", "-f", "-", text="table inet mine { chain output { type filter hook output priority 0; }; }")
        for table in ("nat", "mangle"):
            run(tool, "-t", table, "-A", "OUTPUT", "-p", "tcp", "--dport", "1", "-j", "ACCEPT")
        run("ip", "rule", "add", "fwmark", "7", "lookup", "133")
    before = state(netns)
    proa(netns, "apply", "--backend", backend, *EVERYTHING)
    proa(netns, "apply", "--backend", backend)
    proa(netns, "clean")
    assert state(netns) == before


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("words", [(), EVERYTHING], ids=("plain", "everything"))
def test_apply_twice_is_apply_once(netns, backend, words):
    proa(netns, "apply", "--backend", backend, *words)
    once = state(netns)
    proa(netns, "apply", "--backend", backend, *words)
    assert state(netns) == once
    assert proa(netns, "check", "--backend", backend, *words).stdout.count("FAIL") == 0


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("other", [("--backend", each) for each in BACKENDS] + [EVERYTHING, ("--ipv6", "off")], ids=str)
def test_what_was_before_does_not_matter(netns, backend, other):
    proa(netns, "apply", "--backend", backend)
    asked = state(netns)
    proa(netns, "clean")
    words = other if "--backend" in other else ("--backend", backend, *other)
    proa(netns, "apply", *words)
    proa(netns, "apply", "--backend", backend)
    assert unordered(state(netns)) == unordered(asked)
    assert "FAIL" not in proa(netns, "check", "--backend", backend).stdout


@pytest.mark.parametrize("backend", BACKENDS)
def test_without_ipv6_there_is_none(backend):
    made = Pod()
    try:
        made.proa("apply", "--backend", backend, "--ipv6", "off")
        captured(made, "out", lambda: made.app.say("10.9.9.9", 80))
        direct(made, lambda: made.app.say("fd09:9::9", 80))
    finally:
        made.stop()


def spoiled(tmp_path, tool: str, when: str) -> dict[str, str]:
    """An environment in which `tool` fails if the shell condition `when` holds."""
    real = run("sh", "-c", f"command -v {tool}").stdout.strip()
    fake = tmp_path / tool
    fake.write_text(f'#!/bin/sh\nif {when}; then echo "spoiled" >&2; exit 4; fi\nexec {real} "$@"\n')
    fake.chmod(fake.stat().st_mode | stat.S_IXUSR)
    return {"PATH": f"{tmp_path}:{os.environ['PATH']}"}


@pytest.mark.parametrize("backend", ("iptables-nft", "iptables-legacy"))
@pytest.mark.parametrize("first", [(), ("-o", "443")], ids=("nothing", "other rules"))
def test_a_failure_half_way_changes_nothing(netns, backend, first, tmp_path):
    """IPv4's rules are in when IPv6's fail."""
    if first:
        proa(netns, "apply", "--backend", backend, *first)
    before = state(netns)
    broken = spoiled(tmp_path, "ip6" + backend[2:] + "-restore", f"! test -e {tmp_path}/once && touch {tmp_path}/once")
    done = proa(netns, "apply", "--backend", backend, *EVERYTHING, check=False, env=broken)
    assert done.returncode == 1
    assert done.stderr == f"proa: ip6{backend[2:]}-restore --noflush --wait 5: spoiled (exit code 4)\n"
    assert unordered(state(netns)) == unordered(before)


def test_a_failure_of_nftables_changes_nothing(netns, tmp_path):
    proa(netns, "apply", "-o", "443")
    before = state(netns)
    broken = spoiled(tmp_path, "nft", 'test "$1" = -f')
    done = proa(netns, "apply", *EVERYTHING, check=False, env=broken)
    assert (done.returncode, done.stderr) == (1, "proa: nft -f /dev/stdin: spoiled (exit code 4)\n")
    assert state(netns) == before


def test_an_error_shows_what_was_tried(tmp_path, netns):
    bad = tmp_path / "nft"
    bad.write_text('#!/bin/sh\nif test "$1" = -f; then echo "/dev/stdin:3:1-5: Error: Operation not permitted" >&2; exit 1; fi\n')
    bad.chmod(0o755)
    done = proa(netns, "apply", check=False, env={"PATH": f"{tmp_path}:{os.environ['PATH']}"})
    assert done.returncode == 1
    assert "nft -f /dev/stdin: /dev/stdin:3:1-5: Error: Operation not permitted; its line 3 was: table inet proa {" in done.stderr
    assert "CAP_NET_ADMIN" in done.stderr and "unshare -Urn" in done.stderr


@pytest.mark.parametrize("backend", BACKENDS)
def test_check_says_what_is_missing_and_how_to_help_it(netns, backend):
    words = ("--backend", backend, "-m", "TPROXY")
    done = proa(netns, "check", *words, check=False)
    assert done.returncode == 1
    assert "FAIL the rules are not as asked" in done.stdout
    assert "FAIL the routing rule for mark 1337 (IPv6) is missing\n     fix: proa redirect apply" in done.stdout
    proa(netns, "apply", *words)
    assert "FAIL" not in proa(netns, "check", *words).stdout
    with netns:
        run("ip", "rule", "del", "fwmark", "1337", "lookup", "133")
        run("ip", "link", "set", "lo", "down")
        tool = "iptables" if backend == "nft" else backend
        run(tool, "-t", "nat", "-N", "ISTIO_OUTPUT")
    done = proa(netns, "check", *words, check=False)
    assert "FAIL the routing rule for mark 1337 (IPv4) is missing" in done.stdout
    assert "fix: ip link set lo up" in done.stdout
    assert "fix: pilot-agent istio-iptables --cleanup-only" in done.stdout


@pytest.mark.parametrize("backend", BACKENDS)
def test_check_sees_a_rule_that_somebody_changed(netns, backend):
    proa(netns, "apply", "--backend", backend)
    with netns:
        if backend == "nft":
            run("nft", "insert rule inet proa nat_output tcp dport 443 return")
        else:
            run(backend, "-t", "nat", "-I", "PROA_OUTPUT", "1", "-p", "tcp", "--dport", "443", "-j", "RETURN")
    done = proa(netns, "check", "--backend", backend, check=False)
    assert done.returncode == 1
    assert re.search(r"FAIL the rules are not as asked: .*443", done.stdout)
    before = state(netns)
    proa(netns, "check", "--backend", backend, check=False)
    assert state(netns) == before, "check changes nothing"


def test_what_is_printed_can_be_loaded(netns):
    proa(netns, "apply", *EVERYTHING, "-r", "133")
    asked = state(netns)
    with netns:
        run("nft", "flush", "ruleset")
        run("nft", "-f", "-", text=proa(netns, "print", *EVERYTHING).stdout)
    assert state(netns) == asked
    with netns:
        run("iptables-restore", "--noflush", "--test",
            text=proa(netns, "print", "--backend", "iptables", "--ipv6", "off").stdout)


@pytest.mark.parametrize("words, why", [
    (("-b", "80,x"), "--inbound-ports: 'x' is no port"), (("-i", "10.0.0.0/40"), "--outbound-ranges"),
    (("-x", "*"), "--exclude-outbound-ranges"), (("-u", "nobody-of-that-name"), "there is no user"),
    (("-u", "", "-g", ""), "one must be set"), (("-p", "15006"), "give each a port of its own"),
    (("--capture-all-dns",), "--redirect-dns")], ids=lambda value: str(value)[:20])
def test_a_wrong_option_is_named(netns, words, why):
    done = proa(netns, "apply", *words, check=False)
    assert done.returncode == 2 and why in done.stderr


def unprivileged(script: str) -> str:
    """A shell in namespaces of a user who is nobody, as `unshare -Urn` makes them."""
    return run("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "unshare", "-Urn", "sh", "-c", script).stdout


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """proa, where any user may read it."""
    folder = Path(tempfile.mkdtemp(prefix="proa-redirect-"))
    folder.chmod(0o755)
    try:
        copy = Path(shutil.copy(binaries.proa(), folder / "proa"))
        try:
            unprivileged("true")
        except AssertionError as error:
            pytest.skip(f"no user namespaces here: {error}")
        yield copy
    finally:
        shutil.rmtree(folder)


@pytest.mark.parametrize("backend", BACKENDS)
def test_in_a_user_namespace_without_root(program, backend):
    words = f"--backend {backend} -u '' -g '' --proxy-mark 1337"
    out = unprivileged(f"export XTABLES_LOCKFILE=/tmp/proa-xtables-$$; ip link set lo up && {program} redirect apply {words} && "
                       f"{program} redirect check {words} && {program} redirect clean; rm -f $XTABLES_LOCKFILE")
    assert "applied the rules" in out and "ok   the rules are as asked" in out and "FAIL" not in out
    assert "removed" in out


def test_a_user_that_the_namespace_does_not_have_is_named(program):
    out = unprivileged(f"ip link set lo up; {program} redirect apply 2>&1 || true")
    assert out.startswith("proa: --proxy-uid: 1337 does not exist in this user namespace (/proc/self/uid_map); write")


def test_the_mark_tells_the_proxy_from_the_application():
    """Where both are the same user, as in a user namespace of one."""
    made = Pod(mark=9)
    try:
        made.proa("apply", "-u", "", "-g", "", "--proxy-mark", "9")
        answer = captured(made, "out", lambda: Caller(made.pod, 0, 0).say("10.9.9.9", 80))
        assert answer.startswith("service ")
        assert captured(made, "in", lambda: made.client.say("10.9.0.2", 8080)).startswith("app 127.0.0.6 ")
        assert direct(made, lambda: Caller(made.pod, 0, 0, mark=9).say("10.9.9.9", 80)).startswith("service ")
        assert captured(made, "in", lambda: Caller(made.pod, 0, 0, mark=9).say("10.9.0.2", 8080)).startswith("app ")
        assert direct(made, lambda: Caller(made.pod, 0, 0).say("10.9.0.2", 8080)).startswith("app 10.9.0.2 ")
    finally:
        made.stop()


def test_owner_groups_and_lists():
    made = Pod()
    try:
        made.proa("apply", "--capture-groups", "2000", "-i", "10.9.9.0/24", "-q", "5432", "-b", "8080")
        java = Caller(made.pod, 1000, 2000)
        captured(made, "out", lambda: java.say("10.9.9.9", 80))
        direct(made, lambda: made.app.say("10.9.9.9", 80))
        direct(made, lambda: java.say("10.8.8.8", 80))
        captured(made, "out", lambda: java.say("10.8.8.8", 5432))
        captured(made, "in", lambda: made.client.say("10.9.0.2", 8080))
        direct(made, lambda: made.client.say("10.9.0.2", 8081))
        made.proa("apply", "--exclude-groups", "2000", "-c", "eth0")
        direct(made, lambda: java.say("10.9.9.9", 80))
        direct(made, lambda: made.app.say("10.9.9.9", 80))
        direct(made, lambda: made.client.say("10.9.0.2", 8080))
        made.proa("apply", "--exclude-groups", "2000")
        captured(made, "out", lambda: made.app.say("10.9.9.9", 80))
        made.proa("apply", "-k", "eth0", "-b", "")
        with made.peer:
            run("ip", "route", "add", "10.7.0.0/16", "via", "10.9.0.2")
        before = made.taken()
        made.client.say("10.7.0.1", 80)                       # a virtual machine's call, which comes in by eth0
        assert made.taken()["out"] == before["out"] + 1
    finally:
        made.stop()


def test_no_moment_is_uncaptured():
    """While rules are changed over and over, every connection comes to the proxy."""
    for backend in BACKENDS:
        made = Pod()
        ended = threading.Event()

        def change() -> None:
            words = [("-o", "443"), (), ("-o", "444", "-x", "10.1.0.0/16")]
            for number in range(12):
                made.proa("apply", "--backend", backend, *words[number % 3])
            ended.set()
        try:
            made.proa("apply", "--backend", backend)
            thread = threading.Thread(target=change)
            before, calls = made.taken()["out"], 0
            thread.start()
            while not ended.is_set():
                assert made.app.say("10.9.9.9", 80).startswith("service ")
                calls += 1
            thread.join()
            assert made.taken()["out"] == before + calls
        finally:
            made.stop()
