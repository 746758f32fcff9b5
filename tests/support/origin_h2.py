"""The HTTP/2 half of the programmable origin, over python-h2 with its checks off:
an origin must record what a proxy sent, not refuse it."""
from collections import defaultdict

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.exceptions import ProtocolError
from h2 import events
from h2.settings import Settings

from tests.support import reactor
from tests.support.reply import Received, Reply


class Http2Session:
    """One connection; streams are answered as soon as their request is complete."""

    def __init__(self, connection) -> None:
        self.connection = connection
        self.paused = False
        self.h2 = H2Connection(H2Configuration(
            client_side=False, header_encoding="latin-1", validate_inbound_headers=False,
            validate_outbound_headers=False, normalize_outbound_headers=False))
        self._streams: dict[int, Received] = {}
        self._replies: dict[int, Reply] = {}
        self._waiting: dict[int, bytearray] = {}                    # body bytes beyond the window
        self._after: dict[int, Reply] = {}                          # what ends such a stream
        self._tunnels: set[int] = set()
        self.h2.local_settings = Settings(
            client=False, initial_values={**self.h2.local_settings, **connection.origin.h2_settings})
        self.h2.initiate_connection()
        self._flush()

    def received(self, data: bytes) -> None:
        try:
            for event in self.h2.receive_data(data):
                self._handle(event)
        except ProtocolError:
            self._flush()
            self.connection.transport.close()
            return
        self._flush()

    def _handle(self, event: events.Event) -> None:
        stream = getattr(event, "stream_id", None)
        if isinstance(event, events.RequestReceived):
            self._begin(stream, event.headers)
        elif isinstance(event, events.DataReceived):
            self._streams[stream].body += event.data
            self.h2.acknowledge_received_data(event.flow_controlled_length, stream)
            if stream in self._tunnels:
                self.h2.send_data(stream, event.data.upper())
        elif isinstance(event, events.TrailersReceived):
            self._streams[stream].trailers = [(n, v) for n, v in event.headers]
        elif isinstance(event, events.StreamEnded):
            self._streams[stream].complete = True
            reply = self._replies[stream]
            if stream in self._tunnels:
                self.h2.end_stream(stream)
            elif reply.delay_s:
                reactor.loop().call_later(reply.delay_s, self._late, stream, reply)
            elif not reply.early:
                self._answer(stream, reply)
        elif isinstance(event, events.StreamReset):
            if stream in self._streams:
                self._streams[stream].ended = f"reset({int(event.error_code)})"
            self._waiting.pop(stream, None)
        elif isinstance(event, events.WindowUpdated):
            for waiting in list(self._waiting) if not stream else [stream]:
                self._pump(waiting)

    def _begin(self, stream: int, raw: list[tuple[str, str]]) -> None:
        pseudo = defaultdict(str, [(n, v) for n, v in raw if n.startswith(":")])
        line = f"{pseudo[':method']} {pseudo[':scheme']}://{pseudo[':authority']} {pseudo[':path']}"
        headers = [(n, v) for n, v in raw if n not in (":method", ":scheme", ":authority", ":path")]
        received = Received("", "HTTP/2", line, headers, 0)
        self._streams[stream] = received
        self.connection.record(received)
        reply = self._replies[stream] = self.connection.origin.script(received)
        if received.header("expect") == ["100-continue"] and not reply.no_continue:
            self.h2.send_headers(stream, [(":status", "100")])
        if reply.early or reply.tunnel:
            self._answer(stream, reply)

    def _late(self, stream: int, reply: Reply) -> None:
        try:
            self._answer(stream, reply)
            self._flush()
        except ProtocolError:
            pass                                  # the proxy gave the stream up meanwhile

    def _answer(self, stream: int, reply: Reply) -> None:
        if reply.hang:
            return
        if reply.reset_before:
            self.h2.reset_stream(stream, reply.reset_code)
            return
        if reply.close_before:
            self._flush()
            self.connection.transport.close()
            return
        for status, headers in reply.interim:
            self.h2.send_headers(stream, [(":status", str(status)), *headers])
        body = reply.body if reply.body is not None else self.connection.origin.name.encode()
        head = [(":status", str(reply.status)), *reply.headers]
        if reply.length is not None:
            head.append(("content-length", str(reply.length)))
        if reply.tunnel:
            self._tunnels.add(stream)
            self.h2.send_headers(stream, head)
            return
        cut = next((k for k in (reply.close_after, reply.reset_after, reply.hang_after) if k is not None), None)
        no_body = self._streams[stream].method == "HEAD" or (not body and cut is None)
        self.h2.send_headers(stream, head, end_stream=no_body and not reply.trailers)
        if not no_body or reply.trailers:
            self._waiting[stream] = bytearray(b"" if no_body else body if cut is None else body[:cut])
            self._after[stream] = reply
            self._pump(stream)
        if reply.goaway:
            self.h2.close_connection(last_stream_id=stream)

    def _pump(self, stream: int) -> None:
        """Sends what the windows allow, then ends the stream as its reply says."""
        if stream not in self._waiting:
            return
        left = self._waiting[stream]
        while left:
            size = min(len(left), self.h2.local_flow_control_window(stream), self.h2.max_outbound_frame_size)
            if size <= 0:
                return
            self.h2.send_data(stream, bytes(left[:size]))
            del left[:size]
        del self._waiting[stream]
        reply = self._after.pop(stream)
        if reply.reset_after is not None:
            self.h2.reset_stream(stream, reply.reset_code)
        elif reply.close_after is not None:
            self._flush()
            self.connection.transport.close()
        elif reply.hang_after is not None:
            pass
        elif reply.trailers:
            self.h2.send_headers(stream, reply.trailers, end_stream=True)
        else:
            self.h2.end_stream(stream)

    def _flush(self) -> None:
        data = self.h2.data_to_send()
        if data and not self.connection.transport.is_closing():
            self.connection.transport.write(data)

    def resumed(self) -> None:
        pass

    def half_closed(self) -> bool:
        return False

    def lost(self, error: Exception | None) -> None:
        for received in self._streams.values():
            if not received.complete and not received.ended:
                received.ended = "closed"
