"""A network of the test's own, where the addresses and ports of a capture can be used as they are.

Everything is on loopback. What an application sends is marked, and redirected to the proxy's port as iptables do beside
a sidecar; what the proxy sends is not."""
import ctypes
import os
import socket
import subprocess

from tests.support import reactor

CLONE_NEWNET = 0x40000000
OUTBOUND, INBOUND = 1, 2              # marks: from the application, and to it from the network
ADDRESSES = [f"240.1.0.{n}/32" for n in range(1, 7)]
RULES = """
table ip mesh {
 chain output {
  type nat hook output priority -100;
  meta mark %d meta l4proto tcp redirect to :15001;
  meta mark %d meta l4proto tcp redirect to :15006;
 }
}
""" % (OUTBOUND, INBOUND)
_libc = ctypes.CDLL(None, use_errno=True)


class Namespace:
    """Use as a context manager: this thread, and threads and programs that it starts, are inside."""

    def __enter__(self) -> "Namespace":
        self._outside = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        if _libc.unshare(CLONE_NEWNET):
            os.close(self._outside)
            raise PermissionError(ctypes.get_errno(), "unshare(CLONE_NEWNET)")
        self._reactor, reactor._loop = reactor._loop, None    # its thread would make sockets outside
        try:
            run("ip", "link", "set", "lo", "up")
            for address in ADDRESSES:
                run("ip", "address", "add", address, "dev", "lo")
            run("nft", "-f", "-", text=RULES)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if reactor._loop is not None:
            reactor._loop.call_soon_threadsafe(reactor._loop.stop)
        reactor._loop = self._reactor
        _libc.setns(self._outside, CLONE_NEWNET)
        os.close(self._outside)


def run(*argv: str, text: str | None = None) -> None:
    subprocess.run(argv, input=text, text=True, check=True, capture_output=True)


def possible() -> bool:
    """A container may forbid namespaces."""
    try:
        with Namespace():
            return True
    except (OSError, subprocess.CalledProcessError):
        return False


def connect(host: str, port: int, mark: int, source: str = "127.0.0.1", seconds: float = 5.0) -> socket.socket:
    """A connection as an application makes it: to a service's address, not to a proxy's."""
    made = socket.socket()
    made.settimeout(seconds)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, mark)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    made.bind((source, 0))
    made.connect((host, port))
    return made
