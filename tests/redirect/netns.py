"""Network namespaces of the tests' own, and calls made inside them as another user.

A namespace belongs to a thread, so that entering one is cheap: sockets stay where they were made, and programs start
where the thread is that starts them.
"""
import ctypes
import json
import os
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


class Netns:
    """Use as a context manager: this thread is inside."""

    def __init__(self):
        outside = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        if _libc.unshare(CLONE_NEWNET):
            os.close(outside)
            raise PermissionError(ctypes.get_errno(), "unshare(CLONE_NEWNET)")
        self.fd = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        _libc.setns(outside, CLONE_NEWNET)
        os.close(outside)
        self._outside: list[int] = []
        with self:
            run("ip", "link", "set", "lo", "up")

    @property
    def path(self) -> str:
        return f"/proc/{os.getpid()}/fd/{self.fd}"

    def __enter__(self) -> "Netns":
        self._outside.append(os.open("/proc/thread-self/ns/net", os.O_RDONLY))
        _libc.setns(self.fd, CLONE_NEWNET)
        return self

    def __exit__(self, *_: object) -> None:
        outside = self._outside.pop()
        _libc.setns(outside, CLONE_NEWNET)
        os.close(outside)

    def close(self) -> None:
        os.close(self.fd)


def run(*argv: str, text: str | None = None, check: bool = True) -> subprocess.CompletedProcess:
    done = subprocess.run([str(word) for word in argv], input=text, text=True, capture_output=True)
    assert done.returncode == 0 or not check, f"{argv}: {done.returncode}: {done.stdout}{done.stderr}"
    return done


def possible() -> bool:
    try:
        Netns().close()
        return True
    except (OSError, AssertionError):
        return False


@dataclass(frozen=True)
class Caller:
    """Who makes a call."""
    netns: Netns
    uid: int = 1000
    gid: int = 1000
    mark: int = 0
    cgroup: Path | None = None

    def peer(self, host: str, port: int) -> str:
        """Connects, and returns to whom, as the caller sees it."""
        return self._elsewhere(host, port, None, socket.SOCK_STREAM, lambda made: "{0}:{1}".format(*made.getpeername()))

    def say(self, host: str, port: int, source: str | None = None, kind: int = socket.SOCK_STREAM) -> str:
        """Connects, says "hello" and returns what comes back, or the name of the error."""
        def hello(made: socket.socket) -> str:
            made.send(b"hello")
            return made.recv(1000).decode()
        return self._elsewhere(host, port, source, kind, hello)

    def _elsewhere(self, host: str, port: int, source: str | None, kind: int,
                   action: Callable[[socket.socket], str]) -> str:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            try:
                answer = self._inside(family, kind, host, port, source, action)
            except BaseException as error:                    # pylint: disable=broad-except
                answer = type(error).__name__
            os.write(writing, json.dumps(answer).encode())
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading) as answer:
            text = answer.read()
        os.waitpid(child, 0)
        return json.loads(text)

    def _inside(self, family: int, kind: int, host: str, port: int, source: str | None,
                action: Callable[[socket.socket], str]) -> str:
        _libc.setns(self.netns.fd, CLONE_NEWNET)
        if self.cgroup:
            (self.cgroup / "cgroup.procs").write_text("0")
        if not self.mark:                                     # a mark needs the capability that root has
            os.setgroups([])
            os.setgid(self.gid)
            os.setuid(self.uid)
        with socket.socket(family, kind) as made:
            made.settimeout(3)
            if self.mark:
                made.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, self.mark)
            if source:
                made.bind((source, 0))
            made.connect((host, port))
            return action(made)
