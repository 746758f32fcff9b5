"""Ports that nobody else can take between choosing and using.

A reservation is a bound socket that never listens. With SO_REUSEPORT a program
of the same user can bind the same port and listen on it. A reservation that
nobody listens on doubles as an upstream that refuses connections.

The numbers lie below those that the kernel gives to connections, and each
belongs to the process that chose it first, for as long as it runs: also after
release() nobody else comes across it.
"""
import errno
import fcntl
import os
import random
import socket
import tempfile
from pathlib import Path

LOWEST = 10_000
_claims = open(Path(tempfile.gettempdir()) / f"proa-ports-{os.getuid()}", "wb")  # a lock on byte N claims port N
_claimed: set[int] = set()
_highest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])


def _claim_port(port: int) -> bool:
    if port in _claimed:
        return False
    try:
        fcntl.lockf(_claims, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
    except OSError:
        return False                                          # another process has it
    _claimed.add(port)
    return True


def _claim() -> int:
    for _ in range(1000):
        port = random.randrange(LOWEST, _highest)
        if _claim_port(port):
            return port
    raise OSError("no port is left")


class Reservation:
    """Holds `port` on `host` until `release()`."""

    def __init__(self, host: str = "127.0.0.1"):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        while True:
            self._socket = socket.socket(family, socket.SOCK_STREAM)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            self.host, self.port = host, _claim()
            try:
                self._socket.bind((host, self.port))
                return
            except OSError as error:
                self._socket.close()
                if error.errno != errno.EADDRINUSE:           # else of a program that is none of ours
                    raise

    def release(self) -> None:
        self._socket.close()


def free_port(host: str = "127.0.0.1") -> int:
    """A port that was free a moment ago, for programs that bind without SO_REUSEPORT."""
    reservation = Reservation(host)
    reservation.release()
    return reservation.port


def free_row(count: int) -> int:
    """The first of `count` ports in a row that were free a moment ago, for programs that count on from one."""
    for _ in range(1000):
        first = random.randrange(LOWEST, _highest - count)
        if all(_claim_port(port) and _can_bind(port) for port in range(first, first + count)):
            return first
    raise OSError(f"no {count} ports in a row are left")


def _can_bind(port: int) -> bool:
    with socket.socket() as tried:
        try:
            tried.bind(("127.0.0.1", port))
            return True
        except OSError:
            return False
