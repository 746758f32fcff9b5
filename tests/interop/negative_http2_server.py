"""The server of gRPC's negative HTTP/2 tests: it answers UnaryCall, and misbehaves as its case says.

    goaway             GOAWAY after the first answer: the second call must come on another connection
    rst_after_header   RST_STREAM after the response's headers
    rst_during_data    RST_STREAM after half of the message
    rst_after_data     RST_STREAM after the whole message, in place of trailers
    ping               a PING around every frame, each to be acknowledged
    max_streams        MAX_CONCURRENT_STREAMS 1, to be upheld

The cases are those of grpc/grpc's doc/negative-http2-interop-test-descriptions.md.
"""
import socket
import threading

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.settings

from tests.support.protobuf_wire import encode

RESPONSE_SIZE = 314159            # what the official client asks for and checks


def response_message() -> bytes:
    """SimpleResponse{payload{body}} after gRPC's five bytes."""
    message = encode({1: encode({2: bytes(RESPONSE_SIZE)})})
    return b"\0" + len(message).to_bytes(4, "big") + message


class NegativeServer:
    def __init__(self, case: str):
        self.case = case
        self.connections = 0
        self.pings = self.acks = 0
        self.most_streams = 0
        self.errors: list[str] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            _Connection(self, connection).run()
        except OSError:
            pass
        except Exception as error:        # told to the test, which fails by it
            self.errors.append(repr(error))


class _Connection:
    def __init__(self, server: NegativeServer, sock: socket.socket):
        self.server, self.sock = server, sock
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        self.left: dict[int, bytes] = {}          # of each stream, what flow control holds back
        self.open: set[int] = set()
        self.said_goaway = False

    def run(self) -> None:
        if self.server.case == "max_streams":
            self.h2.local_settings = h2.settings.Settings(
                client=False, initial_values={h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS: 1})
        self.h2.initiate_connection()
        self.flush()
        while data := self.sock.recv(65536):
            if self.said_goaway:
                continue              # what was under way when it left
            for event in self.h2.receive_data(data):
                self.on_event(event)
            self.flush()

    def flush(self) -> None:
        self.sock.sendall(self.h2.data_to_send())

    def ping(self) -> None:
        if self.server.case == "ping":
            self.h2.ping(self.server.pings.to_bytes(8, "big"))
            self.server.pings += 1

    def on_event(self, event) -> None:
        if isinstance(event, h2.events.RequestReceived):
            self.open.add(event.stream_id)
            self.server.most_streams = max(self.server.most_streams, len(self.open))
            self.ping()
        elif isinstance(event, h2.events.DataReceived):
            self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            self.ping()
        elif isinstance(event, h2.events.StreamEnded):
            self.answer(event.stream_id)
        elif isinstance(event, h2.events.WindowUpdated):
            self.send_more()
        elif isinstance(event, h2.events.StreamReset):
            self.open.discard(event.stream_id)
            self.left.pop(event.stream_id, None)
        elif isinstance(event, h2.events.PingAckReceived):
            self.server.acks += 1

    def answer(self, stream: int) -> None:
        self.h2.send_headers(stream, [(":status", "200"), ("content-type", "application/grpc")])
        self.ping()
        if self.server.case == "rst_after_header":
            return self.reset(stream)
        message = response_message()
        self.left[stream] = message[:len(message) // 2] if self.server.case == "rst_during_data" else message
        self.send_more()

    def send_more(self) -> None:
        for stream in list(self.left):
            while self.left[stream]:
                size = min(len(self.left[stream]), self.h2.local_flow_control_window(stream), 16384)
                if size == 0:
                    break
                self.h2.send_data(stream, self.left[stream][:size])
                self.left[stream] = self.left[stream][size:]
                self.ping()
            else:
                del self.left[stream]
                self.finish(stream)

    def finish(self, stream: int) -> None:
        if self.server.case in ("rst_during_data", "rst_after_data"):
            return self.reset(stream)
        self.h2.send_headers(stream, [("grpc-status", "0")], end_stream=True)
        self.open.discard(stream)
        if self.server.case == "goaway":
            self.h2.close_connection(last_stream_id=stream)
            self.said_goaway = True

    def reset(self, stream: int) -> None:
        self.h2.reset_stream(stream, h2.errors.ErrorCodes.NO_ERROR)
        self.open.discard(stream)
