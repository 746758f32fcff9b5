"""A new process takes over the sockets; clients notice nothing but a close that was announced."""
import http.client
import os

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


def epoch(world) -> int:
    try:
        return world.admin.json("/server_info")["command_line_options"].get("restart_epoch", 0)
    except (OSError, ValueError, AssertionError, http.client.HTTPException):
        return -1
