"""Ports that nobody else can take between choosing and using.

A reservation is a bound socket that never listens. With SO_REUSEPORT a program
of the same user can bind the same port and listen on it, while the kernel will
not hand the number out as an ephemeral port. A reservation that nobody listens
on doubles as an upstream that refuses connections.
"""
import socket


class Reservation:
    """Holds `port` on `host` until `release()`."""

    def __init__(self, host: str = "127.0.0.1"):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self._socket.bind((host, 0))
        self.host = host
        self.port = self._socket.getsockname()[1]

    def release(self) -> None:
        self._socket.close()


def free_port(host: str = "127.0.0.1") -> int:
    """A port that was free a moment ago, for programs that bind without SO_REUSEPORT."""
    reservation = Reservation(host)
    reservation.release()
    return reservation.port
