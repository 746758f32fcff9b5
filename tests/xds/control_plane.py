"""A control plane to script: the aggregated stream, state of the world and delta, and secrets on a stream of their own.

It serves what set() has put there, tells every stream of a change at once, and keeps what the clients acknowledged."""
import itertools
import queue
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import grpc

from tests.support.deadline import wait_for
from tests.xds import api

ADS = "envoy.service.discovery.v3.AggregatedDiscoveryService"
SDS = "envoy.service.secret.v3.SecretDiscoveryService"
REQUEST, RESPONSE = "envoy.service.discovery.v3.DiscoveryRequest", "envoy.service.discovery.v3.DiscoveryResponse"
DELTA_REQUEST = "envoy.service.discovery.v3.DeltaDiscoveryRequest"
DELTA_RESPONSE = "envoy.service.discovery.v3.DeltaDiscoveryResponse"
FULL = (api.CLUSTER, api.LISTENER)


@dataclass
class Answer:
    """What a client said of one response."""
    type_url: str
    version: str
    error: str


@dataclass
class Stream:
    """One open stream. `names`: what is subscribed by type; None: all."""
    events: queue.Queue
    names: dict[str, set[str] | None] = field(default_factory=dict)
    sent: dict[str, dict[str, str]] = field(default_factory=dict)     # delta: type -> name -> version
    versions: dict[str, str] = field(default_factory=dict)            # nonce -> version


class ControlPlane:
    """Use as a context manager. Thread-safe."""

    def __init__(self, address: str = "127.0.0.1:0"):
        self._lock = threading.RLock()
        self._resources: dict[str, dict[str, tuple[str, object]]] = {}
        self._version = itertools.count(1)
        self._nonce = itertools.count(1)
        self._streams: list[Stream] = []
        self.answers: list[Answer] = []
        self.nodes: list[object] = []
        self.address = address
        self._server = None
        self.port = 0

    # What is served.

    def set(self, type_url: str, *resources: dict) -> str:
        """Adds or replaces; returns the version."""
        messages = [api.parse(type_url, resource) for resource in resources]
        with self._lock:
            version = str(next(self._version))
            held = self._resources.setdefault(type_url, {})
            for message in messages:
                held[api.name_of(message)] = (version, api.packed(message))
            self._changed(type_url)
        return version

    def remove(self, type_url: str, *names: str) -> str:
        with self._lock:
            version = str(next(self._version))
            for name in names:
                del self._resources[type_url][name]
            self._changed(type_url)
        return version

    # What clients said.

    def wait_answer(self, type_url: str, version: str) -> Answer:
        """The first answer to that version or a later one."""
        found: list[Answer] = []

        def answered() -> bool:
            with self._lock:
                found[:] = [a for a in self.answers if a.type_url == type_url and int(a.version) >= int(version)]
            return bool(found)
        wait_for(answered, f"an answer to version {version} of {type_url}")
        return found[0]

    def streams(self) -> int:
        with self._lock:
            return len(self._streams)

    # Running.

    def start(self) -> "ControlPlane":
        self._pool = ThreadPoolExecutor(64)
        self._server = grpc.server(self._pool)
        raw = {"request_deserializer": None, "response_serializer": None}
        self._server.add_generic_rpc_handlers((
            grpc.method_handlers_generic_handler(ADS, {
                "StreamAggregatedResources": grpc.stream_stream_rpc_method_handler(self._sotw, **raw),
                "DeltaAggregatedResources": grpc.stream_stream_rpc_method_handler(self._delta, **raw)}),
            grpc.method_handlers_generic_handler(SDS, {
                "StreamSecrets": grpc.stream_stream_rpc_method_handler(self._sotw, **raw)})))
        self.port = self._server.add_insecure_port(self.address if not self.port else f"127.0.0.1:{self.port}")
        self._server.start()
        return self

    def stop(self) -> None:
        """Ends every stream; what is served stays for the next start()."""
        with self._lock:
            for stream in self._streams:
                stream.events.put(None)
        self._server.stop(0).wait()
        self._pool.shutdown(wait=False)

    def __enter__(self) -> "ControlPlane":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    # The protocol.

    def _changed(self, type_url: str) -> None:
        for stream in self._streams:
            stream.events.put(("changed", type_url))

    def _open(self, requests, kind: str) -> Stream:
        stream = Stream(queue.Queue())

        def read() -> None:
            try:
                for data in requests:
                    stream.events.put(("request", api.message_class(kind).FromString(data)))
            except grpc.RpcError:
                pass
            stream.events.put(None)
        threading.Thread(target=read, daemon=True).start()
        with self._lock:
            self._streams.append(stream)
        return stream

    def _note(self, stream: Stream, request) -> None:
        if request.HasField("node"):
            self.nodes.append(request.node)
        version = stream.versions.get(request.response_nonce)
        if version is not None:
            error = request.error_detail.message if request.HasField("error_detail") else ""
            self.answers.append(Answer(request.type_url, version, error))

    def _events(self, stream: Stream, request_method, changed_method):
        try:
            while (event := stream.events.get()) is not None:
                with self._lock:
                    response = (request_method if event[0] == "request" else changed_method)(stream, event[1])
                if response is not None:
                    yield response.SerializeToString()
        finally:
            with self._lock:
                self._streams.remove(stream)

    # State of the world.

    def _sotw(self, requests, context):
        stream = self._open(requests, REQUEST)
        yield from self._events(stream, self._sotw_request, self._sotw_response)

    def _sotw_request(self, stream: Stream, request):
        self._note(stream, request)
        first = request.type_url not in stream.names
        before = stream.names.get(request.type_url, set())
        names = set(request.resource_names)
        stream.names[request.type_url] = None if request.type_url in FULL and not names - {"*"} else names
        if not first and (stream.names[request.type_url] is None or not names - (before or set())):
            return None                                       # an acknowledgement
        return self._sotw_response(stream, request.type_url)

    def _sotw_response(self, stream: Stream, type_url: str):
        if type_url not in stream.names:
            return None
        held = self._resources.get(type_url, {})
        names = stream.names[type_url]
        chosen = [held[name] for name in held if names is None or name in names]
        if names is not None and not chosen:
            return None                                       # nothing to say, as istiod of what it does not have
        version = max((int(v) for v, _ in held.values()), default=0)
        if names is None:
            version = max(version, self._latest())
        response = api.new(RESPONSE, version_info=str(version), type_url=type_url, nonce=str(next(self._nonce)))
        for _, body in chosen:
            response.resources.add().CopyFrom(body)
        stream.versions[response.nonce] = response.version_info
        return response

    def _latest(self) -> int:
        value = next(self._version)
        self._version = itertools.count(value)
        return value - 1

    # Delta.

    def _delta(self, requests, context):
        stream = self._open(requests, DELTA_REQUEST)
        yield from self._events(stream, self._delta_request, self._delta_response)

    def _delta_request(self, stream: Stream, request):
        self._note(stream, request)
        type_url = request.type_url
        first = type_url not in stream.names
        known = stream.sent.setdefault(type_url, {})
        known.update(request.initial_resource_versions)
        subscribed = set(request.resource_names_subscribe)
        if first:
            wildcard = type_url in FULL and not subscribed - {"*"}
            stream.names[type_url] = None if wildcard else subscribed
        elif stream.names[type_url] is not None:
            stream.names[type_url] |= subscribed
            stream.names[type_url] -= set(request.resource_names_unsubscribe)
        for name in list(request.resource_names_subscribe) + list(request.resource_names_unsubscribe):
            if name not in request.initial_resource_versions:
                known.pop(name, None)
        if not first and not subscribed:
            return None
        return self._delta_response(stream, type_url, always=first)

    def _delta_response(self, stream: Stream, type_url: str, always: bool = False):
        if type_url not in stream.names:
            return None
        held, known, names = self._resources.get(type_url, {}), stream.sent[type_url], stream.names[type_url]
        response = api.new(DELTA_RESPONSE, type_url=type_url, nonce=str(next(self._nonce)),
                           system_version_info=str(self._latest()))
        for name, (version, body) in held.items():
            if (names is None or name in names) and known.get(name) != version:
                known[name] = version
                resource = response.resources.add(name=name, version=version)
                resource.resource.CopyFrom(body)
        for name in [name for name in known if name not in held]:
            del known[name]
            response.removed_resources.append(name)
        if not response.resources and not response.removed_resources and not (always and names is None):
            return None
        stream.versions[response.nonce] = response.system_version_info
        return response
