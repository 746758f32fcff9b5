"""A new process takes over the sockets; clients notice nothing but a close that was announced."""
import http.client
import itertools
import os
import signal
import socket

import pytest

from tests.e2e.load import Load
from tests.support.client import Dial
from tests.support.deadline import wait_for
from tests.support.programs import Program
from tests.support.proxy import command


def test_second_process_takes_over_without_a_lost_request(start, kind):
    base = str(1000 + (os.getpid() % 30000))
    world = start(flags=("--base-id", base, "--drain-time-s", "1", "--parent-shutdown-time-s", "2"))
    first = world.proxy.program
    with Load(Dial(world.port("main"))) as load:
        flags = ("--base-id", base, "--restart-epoch", "1", "--drain-time-s", "1", "--parent-shutdown-time-s", "2")
        second = Program(command(kind, world.proxy.config_path, 1, flags), world.directory / "second.log")
        try:
            wait_for(lambda: epoch(world) == 1, "the second process to answer", 20)
            before = load.count()
            first.wait_end(20)
            wait_for(lambda: load.count() > before + 100, "requests through the second process")
        finally:
            second_alive = second.running()
            load.stop()                       # before the last process goes
            second.stop(kill=True)
    assert second_alive
    assert load.failures == []


_bases = itertools.count(40_000 + os.getpid() % 10_000 * 100)


def flags_of(base: int, *more: str) -> tuple[str, ...]:
    return ("--base-id", str(base), "--drain-time-s", "1", "--parent-shutdown-time-s", "10", *more)


@pytest.fixture
def succeed(kind):
    """succeed(world, base, epoch, flags=(), concurrency=1) -> the next process; all end with the test."""
    programs: list[Program] = []

    def begin(world, base: int, epoch: str, flags: tuple[str, ...] = (), concurrency: int = 1) -> Program:
        argv = command(kind, world.proxy.config_path, concurrency, flags_of(base, "--restart-epoch", epoch, *flags))
        programs.append(Program(argv, world.directory / f"epoch{len(programs) + 1}.log"))
        return programs[-1]
    yield begin
    for program in programs:
        program.stop(kill=True)


@pytest.mark.proa_only
def test_twenty_restarts_with_changing_concurrency(start, succeed):
    """Neither kept nor fresh connections lose a request, also where workers and their sockets become fewer."""
    base = next(_bases)
    world = start(flags=flags_of(base), concurrency=2)
    dial = Dial(world.port("main"))
    with Load(dial) as kept, Load(dial, connections=2, keep_alive=False) as fresh:
        before = world.proxy.program
        for number in range(1, 21):
            after = succeed(world, base, str(number), concurrency=(3, 1, 2)[number % 3])
            wait_for(lambda: epoch(world) == number, f"epoch {number}", 20)
            assert before.wait_end(20) == 0
            before = after
        counted = fresh.count()
        wait_for(lambda: fresh.count() > counted + 50, "requests through the last process")
    assert kept.failures == [] and fresh.failures == []
    assert kept.count() > 200


@pytest.mark.proa_only
def test_sigusr2_starts_the_next_process(start):
    base = next(_bases)
    world = start(flags=flags_of(base))
    first = world.proxy.program
    with Load(Dial(world.port("main"))) as load:
        first.signal(signal.SIGUSR2)
        wait_for(lambda: epoch(world) == 1, "the next process", 20)
        assert first.wait_end(20) == 0
        load.stop()
    assert load.failures == []
    assert world.admin.post("/quitquitquit")
    wait_for(lambda: epoch(world) == -1, "the next process to end", 20)


@pytest.mark.proa_only
def test_a_next_process_that_fails_changes_nothing(start, succeed):
    base = next(_bases)
    world = start(flags=flags_of(base))
    with Load(Dial(world.port("main"))) as load:
        broken = succeed(world, base, "1", ("--config-yaml", "{static_resources: {listeners: [{name: x}]}}"))
        assert broken.wait_end(20) == 1
        wrong = succeed(world, base, "7")
        assert wrong.wait_end(20) == 1
        assert "--restart-epoch 7 does not follow: base id" in wrong.output()
        second_first = succeed(world, base, "0")
        assert second_first.wait_end(20) == 1
        assert "--restart-epoch auto takes over" in second_first.output()
        counted = load.count()
        wait_for(lambda: load.count() > counted + 50, "more requests")
    assert load.failures == [] and epoch(world) == 0 and world.admin.ready()


@pytest.mark.proa_only
def test_auto_takes_over_or_begins(start, succeed):
    base = next(_bases)
    world = start(flags=flags_of(base, "--restart-epoch", "auto"))
    assert epoch(world) == 0
    succeed(world, base, "auto", ("--drain-strategy", "immediate"))
    wait_for(lambda: epoch(world) == 1, "the second process", 20)
    assert world.proxy.program.wait_end(20) == 0


@pytest.mark.proa_only
def test_nobody_to_take_over_from(start, succeed):
    world = start()                            # with hot restart off
    alone = succeed(world, next(_bases), "1")
    assert alone.wait_end(20) == 1
    assert "there is no process with base id" in alone.output()


@pytest.mark.proa_only
def test_noise_on_the_socket_is_refused(start, succeed):
    base = next(_bases)
    world = start(flags=flags_of(base))
    for noise in (b"take 2", b"drain", b"drain 1", b"drain 1 x", b"drain 1 2 3", b"\0", b"x" * 30_000):
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as stranger:
            stranger.connect(f"\0proa-proxy/{base}")
            stranger.settimeout(5)
            stranger.send(noise)
            assert stranger.recv(100) == b""
    succeed(world, base, "1")
    wait_for(lambda: epoch(world) == 1, "the second process", 20)


@pytest.mark.proa_only
def test_another_user_is_refused(start):
    if os.geteuid() != 0:
        pytest.skip("only root can be another user")
    base = next(_bases)
    world = start(flags=flags_of(base))
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.setuid(65_534)
            with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as stranger:
                stranger.settimeout(5)
                stranger.connect(f"\0proa-proxy/{base}")
                try:
                    stranger.send(b"take 1")
                    code = 0 if stranger.recv(100) == b"" else 2
                except (BrokenPipeError, ConnectionResetError):
                    code = 0
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert epoch(world) == 0


def epoch(world) -> int:
    try:
        return world.admin.json("/server_info")["command_line_options"].get("restart_epoch", 0)
    except (OSError, ValueError, AssertionError, http.client.HTTPException):
        return -1
