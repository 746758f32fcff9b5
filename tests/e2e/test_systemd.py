"""What systemd hears from the process over $NOTIFY_SOCKET."""
import os
import signal
import socket
import time

import pytest

from tests.support.deadline import wait_for

pytestmark = pytest.mark.proa_only


class Notified:
    """systemd's end of the socket: all messages so far."""

    def __init__(self, name: str):
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(name.replace("@", "\0"))
        self._socket.setblocking(False)
        self.messages: list[str] = []

    def has(self, *wanted: str) -> bool:
        """Whether the messages begin with `wanted`, in this order; others (WATCHDOG=1) may stand between."""
        try:
            while True:
                self.messages.append(self._socket.recv(1000).decode())
        except BlockingIOError:
            pass
        rest = iter(self.messages)
        return all(any(message.startswith(one) for message in rest) for one in wanted)

    def close(self) -> None:
        self._socket.close()


@pytest.fixture(params=["abstract", "path"])
def systemd(request, tmp_path, monkeypatch):
    name = f"@proa-e2e-{os.getpid()}" if request.param == "abstract" else str(tmp_path / "notify")
    notified = Notified(name)
    monkeypatch.setenv("NOTIFY_SOCKET", name)
    yield notified
    notified.close()


def test_ready_reload_stop(start, systemd):
    world = start()
    wait_for(lambda: systemd.has("READY=1"), "READY")
    before_us = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    world.proxy.program.signal(signal.SIGHUP)
    wait_for(lambda: systemd.has("READY=1", "RELOADING=1", "READY=1"), "the reload")
    reloading = next(message for message in systemd.messages if message.startswith("RELOADING"))
    assert int(reloading.partition("MONOTONIC_USEC=")[2]) >= before_us
    world.proxy.config_path.write_text("broken: [")
    world.proxy.program.signal(signal.SIGHUP)
    wait_for(lambda: systemd.has("READY=1", "RELOADING=1", "READY=1", "RELOADING=1", "READY=1"), "the refused reload")
    world.proxy.program.signal(signal.SIGTERM)
    assert world.proxy.program.wait_end() == 0
    assert systemd.has("READY=1", "STOPPING=1")


def test_watchdog(start, systemd, monkeypatch):
    monkeypatch.setenv("WATCHDOG_USEC", "200000")
    world = start()
    wait_for(lambda: systemd.has("READY=1", "WATCHDOG=1", "WATCHDOG=1", "WATCHDOG=1"), "signs of life")
    world.proxy.program.signal(signal.SIGSTOP)
    assert systemd.has("READY=1")
    count = len(systemd.messages)
    time.sleep(0.3)
    assert systemd.has("READY=1") and len(systemd.messages) <= count + 1
    world.proxy.program.signal(signal.SIGCONT)


def test_hot_restart_names_the_new_main_process(start, systemd):
    base = str(50_000 + os.getpid() % 10_000)
    world = start(flags=("--base-id", base, "--drain-time-s", "1", "--parent-shutdown-time-s", "5"))
    first = world.proxy.program
    wait_for(lambda: systemd.has("READY=1"), "READY")
    first.signal(signal.SIGUSR2)
    wait_for(lambda: systemd.has("READY=1", "MAINPID=", "READY=1"), "the new process", 20)
    assert first.wait_end(10) == 0
    assert systemd.has() and not any(message.startswith("STOPPING") for message in systemd.messages)
    main = next(message for message in systemd.messages if message.startswith("MAINPID="))
    os.kill(int(main.removeprefix("MAINPID=")), signal.SIGTERM)
    wait_for(lambda: systemd.has("MAINPID=", "READY=1", "STOPPING=1"), "the end", 20)
