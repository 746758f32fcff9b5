"""An HTTP/2 client over python-h2, checks off, so that odd requests can be sent.

Well-formed frames with arbitrary content. For malformed frames see h2_frames.
"""
import socket

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.exceptions import ProtocolError
from h2 import events

from tests.support.client import Dial, Response, receive
from tests.support.h2_frames import GOAWAY, FrameReader, frame
from tests.support.http1_parse import Headers


class Http2Client:
    """One connection, any number of streams. Not thread-safe."""

    def __init__(self, dial: Dial, settings: dict | None = None):
        self.dial = dial
        self.socket = dial.connect()
        self.h2 = H2Connection(H2Configuration(
            client_side=True, header_encoding="latin-1", validate_outbound_headers=False,
            normalize_outbound_headers=False, validate_inbound_headers=False))
        if settings:
            self.h2.local_settings.update(settings)
        self.h2.initiate_connection()
        self.answers: dict[int, Response] = {}
        self.finished: set[int] = set()
        self.goaway: int | None = None         # its error code
        self.ended = ""                        # "closed" or "reset" when the connection is gone
        self._frames = FrameReader()
        self.auto_window = True                # give windows back as data arrives
        self.flush()

    def __enter__(self) -> "Http2Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.socket.close()

    def flush(self) -> None:
        data = self.h2.data_to_send()
        if data:
            try:
                self.socket.sendall(data)
            except OSError:
                self.ended = self.ended or "reset"

    def start(self, method: str, path: str, headers: Headers = (), authority: str = "host", scheme: str = "http",
              body: bytes = b"", trailers: Headers = (), end: bool = True, pseudo: Headers | None = None) -> int:
        """Opens a stream and sends the request; returns its id. `pseudo` replaces all pseudo-headers."""
        stream = self.h2.get_next_available_stream_id()
        first = pseudo if pseudo is not None else [
            (":method", method), (":scheme", scheme), (":authority", authority), (":path", path)]
        self.answers[stream] = Response()
        self.h2.send_headers(stream, [*first, *headers], end_stream=end and not body and not trailers)
        if body:
            self.send_body(stream, body, end=end and not trailers)
        if trailers:
            self.h2.send_headers(stream, trailers, end_stream=True)
        self.flush()
        return stream

    def send_body(self, stream: int, body: bytes, end: bool = False) -> None:
        """Sends all of `body`, waiting for windows as needed."""
        left = body
        while True:
            size = min(len(left), self.h2.local_flow_control_window(stream), self.h2.max_outbound_frame_size)
            if size or not left:
                last = size == len(left)
                self.h2.send_data(stream, left[:size], end_stream=end and last)
                left = left[size:]
                self.flush()
                if last:
                    return
            elif not self.pump() or stream in self.finished:
                return

    def send_trailers(self, stream: int, trailers: Headers) -> None:
        self.h2.send_headers(stream, trailers, end_stream=True)
        self.flush()

    def reset(self, stream: int, code: int = 8) -> None:
        self.h2.reset_stream(stream, code)
        self.flush()

    def request(self, method: str, path: str, headers: Headers = (), **more: object) -> Response:
        return self.wait(self.start(method, path, headers, **more), method)

    def wait(self, stream: int, method: str = "GET") -> Response:
        """The answer on `stream`; never raises for what the peer did."""
        while stream not in self.finished and self.pump():
            pass
        answer = self.answers[stream]
        if stream not in self.finished:
            answer.end = self.ended or "timeout"
        return answer

    def pump(self) -> bool:
        """Reads once and handles what came; false at the end or after the time limit."""
        if self.ended:
            return False
        try:
            data = receive(self.socket)
        except TimeoutError:
            return False
        except ConnectionError:
            self.ended = "reset"
            return False
        if not data:
            self.ended = "closed"
            return False
        try:
            for event in self.h2.receive_data(self._without_goaway(data)):
                self._handle(event)
        except ProtocolError as error:
            self.ended = f"protocol error: {error}"
            return False
        self.flush()
        return True

    def _without_goaway(self, data: bytes) -> bytes:
        """python-h2 gives up at GOAWAY, but streams below its last id still get answers."""
        kept = b""
        for kind, flags, stream, payload in self._frames.feed(data):
            if kind == GOAWAY:
                self.goaway = int.from_bytes(payload[4:8], "big")
            else:
                kept += frame(kind, flags, stream, payload)
        return kept

    def _handle(self, event: events.Event) -> None:
        stream = getattr(event, "stream_id", None)
        answer = self.answers.get(stream, Response())
        if isinstance(event, events.ResponseReceived):
            answer.status = int(dict(event.headers)[":status"])
            answer.headers = [(n, v) for n, v in event.headers if n != ":status"]
        elif isinstance(event, events.InformationalResponseReceived):
            headers = [(n, v) for n, v in event.headers if n != ":status"]
            answer.interim.append((int(dict(event.headers)[":status"]), headers))
        elif isinstance(event, events.DataReceived):
            answer.body += event.data
            if self.auto_window and event.flow_controlled_length:
                self.h2.acknowledge_received_data(event.flow_controlled_length, stream)
        elif isinstance(event, events.TrailersReceived):
            answer.trailers = list(event.headers)
        elif isinstance(event, events.StreamEnded):
            self.finished.add(stream)
        elif isinstance(event, events.StreamReset):
            answer.end = f"reset({int(event.error_code)})"
            self.finished.add(stream)

    def closed_by_peer(self, seconds: float = 2.0) -> str:
        """"closed", "reset" or "open" within `seconds` of silence."""
        self.socket.settimeout(seconds)
        while self.pump():
            pass
        self.socket.settimeout(self.dial.seconds)
        return self.ended or "open"


def half_close(client: Http2Client) -> None:
    client.socket.shutdown(socket.SHUT_WR)
