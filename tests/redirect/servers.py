"""Servers that tell who spoke to them and to which address, over TCP and UDP."""
import ctypes
import socket
import threading

_libc = ctypes.CDLL(None)


class Teller:
    """Answers "NAME CLIENT LOCAL" to whatever comes. Made in the namespace that the thread is in, as a socket of `uid`."""

    def __init__(self, name: str, host: str, port: int, kind: int = socket.SOCK_STREAM, uid: int = 0):
        self.name, self.kind = name, kind
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        _libc.setfsuid(uid)                                   # of this thread; rules ask for the one at creation
        self._socket = socket.socket(family, kind)
        _libc.setfsuid(0)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            self._socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        self._socket.bind((host, port))
        if kind == socket.SOCK_STREAM:
            self._socket.listen(64)
        serve = self._serve_tcp if kind == socket.SOCK_STREAM else self._serve_udp
        self._thread = threading.Thread(target=serve, daemon=True)
        self._thread.start()

    def _serve_tcp(self) -> None:
        while True:
            try:
                accepted, client = self._socket.accept()
            except OSError:
                return
            with accepted:
                accepted.settimeout(3)
                try:
                    if accepted.recv(100):
                        accepted.sendall(self._answer(client, accepted.getsockname()))
                        accepted.recv(1)                      # the caller closes first
                except OSError:
                    pass

    def _serve_udp(self) -> None:
        while True:
            try:
                data, client = self._socket.recvfrom(1000)
            except OSError:
                return
            if not data:
                return
            self._socket.sendto(self._answer(client, self._socket.getsockname()), client)

    def _answer(self, client: tuple, local: tuple) -> bytes:
        return f"{self.name} {client[0]} {local[0]}:{local[1]}".encode()

    def stop(self) -> None:
        if self.kind == socket.SOCK_STREAM:
            self._socket.shutdown(socket.SHUT_RDWR)           # wakes accept()
        else:
            self._socket.sendto(b"", self._socket.getsockname())
        self._thread.join(5)
        self._socket.close()
