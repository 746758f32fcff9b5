"""An OTLP/gRPC collector: keeps what it is sent, and can be slow or refuse."""
import os
import time
from concurrent import futures

# gRPC's fork handlers run in the child before it becomes the proxy, and abort there.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "false")

import grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as wire
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2_grpc as service
from opentelemetry.proto.trace.v1 import trace_pb2


class Collector(service.TraceServiceServicer):
    """`with Collector() as collector: ...`; spans() in the order of arrival."""

    def __init__(self, delay_s: float = 0.0, refuse: bool = False):
        self.delay_s, self.refuse = delay_s, refuse
        self.requests: list[wire.ExportTraceServiceRequest] = []
        self.metadata: list[dict] = []
        self._server = grpc.server(futures.ThreadPoolExecutor(max_workers=4))
        service.add_TraceServiceServicer_to_server(self, self._server)
        self.port = self._server.add_insecure_port("127.0.0.1:0")
        self._server.start()

    def Export(self, request: wire.ExportTraceServiceRequest, context: grpc.ServicerContext):  # noqa: N802
        time.sleep(self.delay_s)
        if self.refuse:
            context.abort(grpc.StatusCode.UNAVAILABLE, "not now")
        self.metadata.append(dict(context.invocation_metadata()))
        self.requests.append(request)
        return wire.ExportTraceServiceResponse()

    def spans(self) -> list[trace_pb2.Span]:
        return [span for request in self.requests for span in spans_of(request)]

    def __enter__(self) -> "Collector":
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop(None).wait()


def spans_of(request: wire.ExportTraceServiceRequest) -> list[trace_pb2.Span]:
    return [span for resource in request.resource_spans for scope in resource.scope_spans for span in scope.spans]


def tags(span: trace_pb2.Span) -> dict[str, str]:
    return {pair.key: pair.value.string_value for pair in span.attributes}


def resource_tags(request: wire.ExportTraceServiceRequest) -> dict[str, str]:
    return {pair.key: pair.value.string_value for pair in request.resource_spans[0].resource.attributes}
