"""The gRPC interop test service in Python, with health and reflection.

    python -m tests.interop.python.server [--cert FILE --key FILE]

Prints its port as its only line of output.
"""
import argparse
import time
from concurrent import futures

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from tests.interop.python.protos import load

empty_pb2, messages, service = load()


class TestService(service.TestServiceServicer):
    def EmptyCall(self, request, context):
        return empty_pb2.Empty()

    def UnaryCall(self, request, context):
        echo_metadata(context)
        fail_if_asked(request, context)
        return messages.SimpleResponse(payload=payload(request.response_size))

    def StreamingOutputCall(self, request, context):
        yield from answers(request)

    def StreamingInputCall(self, requests, context):
        return messages.StreamingInputCallResponse(aggregated_payload_size=sum(len(r.payload.body) for r in requests))

    def FullDuplexCall(self, requests, context):
        echo_metadata(context)
        for request in requests:
            fail_if_asked(request, context)
            yield from answers(request)


def payload(size: int):
    return messages.Payload(body=bytes(size))


def answers(request):
    for wanted in request.response_parameters:
        time.sleep(wanted.interval_us / 1e6)          # the protocol of the test asks for it
        yield messages.StreamingOutputCallResponse(payload=payload(wanted.size))


def echo_metadata(context) -> None:
    given = dict(context.invocation_metadata())
    if "x-grpc-test-echo-initial" in given:
        context.send_initial_metadata((("x-grpc-test-echo-initial", given["x-grpc-test-echo-initial"]),))
    if "x-grpc-test-echo-trailing-bin" in given:
        context.set_trailing_metadata((("x-grpc-test-echo-trailing-bin", given["x-grpc-test-echo-trailing-bin"]),))


def fail_if_asked(request, context) -> None:
    if request.HasField("response_status"):
        code = next(c for c in grpc.StatusCode if c.value[0] == request.response_status.code)
        context.abort(code, request.response_status.message)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--cert")
    parser.add_argument("--key")
    given = parser.parse_args()
    server = grpc.server(futures.ThreadPoolExecutor(8), options=[("grpc.so_reuseport", 0)])
    service.add_TestServiceServicer_to_server(TestService(), server)
    checks = health.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(checks, server)
    checks.set("", health_pb2.HealthCheckResponse.SERVING)
    checks.set("down", health_pb2.HealthCheckResponse.NOT_SERVING)
    reflection.enable_server_reflection(["grpc.testing.TestService", "grpc.health.v1.Health", reflection.SERVICE_NAME], server)
    if given.cert:
        pair = open(given.key, "rb").read(), open(given.cert, "rb").read()
        port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([pair]))
    else:
        port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    server.wait_for_termination()


if __name__ == "__main__":
    main()
