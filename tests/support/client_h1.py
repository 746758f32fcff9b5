"""An HTTP/1 client that sends exactly the bytes it is given, cut where told."""
import socket
from typing import Iterable

from tests.support.client import Dial, Response, receive
from tests.support.http1_parse import ChunkedReader, Headers, content_length, is_chunked, parse_head


def encode(method: str, target: str, headers: Headers = (), body: bytes = b"", version: str = "HTTP/1.1",
           chunks: Iterable[bytes] | None = None, trailers: Headers = ()) -> bytes:
    """Exact bytes of a request; no header is added except the framing of a body."""
    head = [f"{method} {target} {version}"] + [f"{name}: {value}" for name, value in headers]
    names = {name.lower() for name, _ in headers}
    if chunks is not None:
        if "transfer-encoding" not in names:
            head.append("transfer-encoding: chunked")
        framed = b"".join(b"%x\r\n%s\r\n" % (len(c), c) for c in chunks)
        body = framed + b"0\r\n" + "".join(f"{n}: {v}\r\n" for n, v in trailers).encode("latin-1") + b"\r\n"
    elif body and "content-length" not in names:
        head.append(f"content-length: {len(body)}")
    return "\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + body


class Http1Client:
    """One connection. Not thread-safe; use as a context manager."""

    def __init__(self, dial: Dial):
        self.dial = dial
        self.socket = dial.connect()
        self.buffer = b""

    def __enter__(self) -> "Http1Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.socket.close()

    def send(self, data: bytes, cuts: Iterable[int] = ()) -> None:
        """Sends `data`, as separate segments at the offsets `cuts`."""
        start = 0
        for cut in [*sorted(set(cuts)), len(data)]:
            if cut > start:
                self.socket.sendall(data[start:cut])
                start = cut

    def shut_write(self) -> None:
        self.socket.shutdown(socket.SHUT_WR)

    def request(self, method: str, target: str, headers: Headers = (), **more: object) -> Response:
        self.send(encode(method, target, headers, **more))
        return self.response(method)

    def _more(self) -> bool:
        data = receive(self.socket)
        self.buffer += data
        return bool(data)

    def head(self) -> tuple[str, Headers] | None:
        """The next response head; None if the connection ended first."""
        while b"\r\n\r\n" not in self.buffer:
            if not self._more():
                return None
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        return parse_head(head)

    def response(self, method: str = "GET") -> Response:
        """Reads one response with its interim responses; never raises for what the peer did."""
        answer = Response()
        try:
            self._read(answer, method)
        except ConnectionError:
            answer.end = "reset"
        except TimeoutError:
            answer.end = "timeout"
        return answer

    def _read(self, answer: Response, method: str) -> None:
        while True:
            head = self.head()
            if head is None:
                answer.end = "closed"
                return
            status = int(head[0].split(" ")[1])
            if status >= 200 or status == 101:
                break
            answer.interim.append((status, head[1]))
        answer.line, answer.headers = head
        answer.status = status
        if method == "HEAD" or status in (101, 204, 304) or (method == "CONNECT" and status == 200):
            return
        self._read_body(answer)

    def _read_body(self, answer: Response) -> None:
        length = content_length(answer.headers)
        if is_chunked(answer.headers):
            reader, pieces = ChunkedReader(), []
            try:
                pieces.append(reader.feed(self._take()))
                while not reader.done:
                    data = receive(self.socket)
                    if not data:
                        answer.end = "closed"
                        return
                    pieces.append(reader.feed(data))
                answer.trailers, self.buffer = reader.trailers, reader.rest
            finally:
                answer.body = b"".join(pieces)
        else:
            body = bytearray(self._take())
            try:
                while length is None or len(body) < length:
                    data = receive(self.socket)
                    if not data:
                        answer.end = "complete" if length is None else "closed"
                        break
                    body += data
            finally:
                size = len(body) if length is None else length
                answer.body, self.buffer = bytes(body[:size]), bytes(body[size:])

    def _take(self) -> bytes:
        taken, self.buffer = self.buffer, b""
        return taken

    def read_until(self, size: int) -> bytes:
        """At least `size` raw bytes, or what came before the end."""
        while len(self.buffer) < size and self._more():
            pass
        data, self.buffer = self.buffer, b""
        return data

    def closed_by_peer(self, seconds: float = 2.0) -> str:
        """"closed", "reset" or "open": what the peer does within `seconds`."""
        self.socket.settimeout(seconds)
        try:
            while receive(self.socket):
                pass
            return "closed"
        except ConnectionError:
            return "reset"
        except TimeoutError:
            return "open"
        finally:
            self.socket.settimeout(self.dial.seconds)
