"""The gRPC interop test client in Python: one case per run, exit code 0 if it passes.

    python -m tests.interop.python.client --target HOST:PORT --case NAME [--ca FILE --authority NAME]
"""
import argparse
import threading

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from tests.interop.python.protos import load

empty_pb2, messages, service = load()
SIZES_UP, SIZES_DOWN = [27182, 8, 1828, 45904], [31415, 9, 2653, 58979]
TIMEOUT = 20


def body(size: int):
    return messages.Payload(body=bytes(size))


def output_request(size: int, up: int = 0, interval_us: int = 0):
    return messages.StreamingOutputCallRequest(
        response_parameters=[messages.ResponseParameters(size=size, interval_us=interval_us)], payload=body(up))


def empty_unary(stub, _):
    assert stub.EmptyCall(empty_pb2.Empty(), timeout=TIMEOUT) == empty_pb2.Empty()


def large_unary(stub, _):
    answer = stub.UnaryCall(messages.SimpleRequest(response_size=314159, payload=body(271828)), timeout=TIMEOUT)
    assert len(answer.payload.body) == 314159


def client_streaming(stub, _):
    answer = stub.StreamingInputCall((messages.StreamingInputCallRequest(payload=body(s)) for s in SIZES_UP), timeout=TIMEOUT)
    assert answer.aggregated_payload_size == sum(SIZES_UP)


def server_streaming(stub, _):
    request = messages.StreamingOutputCallRequest(response_parameters=[messages.ResponseParameters(size=s) for s in SIZES_DOWN])
    assert [len(a.payload.body) for a in stub.StreamingOutputCall(request, timeout=TIMEOUT)] == SIZES_DOWN


def ping_pong(stub, _):
    """Each request is sent only after the answer to the one before."""
    turn = threading.Semaphore(1)

    def requests():
        for up, down in zip(SIZES_UP, SIZES_DOWN):
            turn.acquire()
            yield output_request(down, up)
    seen = []
    for answer in stub.FullDuplexCall(requests(), timeout=TIMEOUT):
        seen.append(len(answer.payload.body))
        turn.release()
    assert seen == SIZES_DOWN


def empty_stream(stub, _):
    assert list(stub.FullDuplexCall(iter(()), timeout=TIMEOUT)) == []


def timeout_on_sleeping_server(stub, _):
    code = status(stub.FullDuplexCall(iter([output_request(1, 27182, interval_us=1_000_000)]), timeout=0.001))
    assert code == grpc.StatusCode.DEADLINE_EXCEEDED, code


def cancel_after_begin(stub, _):
    never = threading.Event()

    def nothing():
        never.wait(TIMEOUT)
        yield from ()
    call = stub.StreamingInputCall.future(nothing())
    call.cancel()
    never.set()
    assert call.cancelled() and call.code() == grpc.StatusCode.CANCELLED


def cancel_after_first_response(stub, _):
    done = threading.Event()

    def requests():
        yield output_request(31415, 27182)
        done.wait(TIMEOUT)
    call = stub.FullDuplexCall(requests(), timeout=TIMEOUT)
    assert len(next(call).payload.body) == 31415
    call.cancel()
    done.set()
    assert status(call) == grpc.StatusCode.CANCELLED


def status(call) -> grpc.StatusCode:
    try:
        list(call)
    except grpc.RpcError:
        pass
    return call.code()


def status_code_and_message(stub, _, message: str = "test status message"):
    wanted = messages.EchoStatus(code=2, message=message)
    try:
        stub.UnaryCall(messages.SimpleRequest(response_status=wanted), timeout=TIMEOUT)
        raise AssertionError("no error")
    except grpc.RpcError as error:
        assert (error.code(), error.details()) == (grpc.StatusCode.UNKNOWN, message)
    call = stub.FullDuplexCall(iter([messages.StreamingOutputCallRequest(response_status=wanted)]), timeout=TIMEOUT)
    assert status(call) == grpc.StatusCode.UNKNOWN and call.details() == message


def special_status_message(stub, _):
    status_code_and_message(stub, _, "\t\ntest with whitespace\r\nand Unicode BMP \u263a and non-BMP \U0001f608\t\n")


def custom_metadata(stub, _):
    sent = (("x-grpc-test-echo-initial", "test_initial_metadata_value"), ("x-grpc-test-echo-trailing-bin", b"\xab\xab\xab"))
    _, unary = stub.UnaryCall.with_call(messages.SimpleRequest(response_size=1), metadata=sent, timeout=TIMEOUT)
    duplex = stub.FullDuplexCall(iter([output_request(1)]), metadata=sent, timeout=TIMEOUT)
    list(duplex)
    for call in (unary, duplex):
        assert dict(call.initial_metadata())[sent[0][0]] == sent[0][1]
        assert dict(call.trailing_metadata())[sent[1][0]] == sent[1][1]


def unimplemented_method(stub, _):
    expect_unimplemented(lambda: stub.UnimplementedCall(empty_pb2.Empty(), timeout=TIMEOUT))


def unimplemented_service(_, channel):
    expect_unimplemented(lambda: service.UnimplementedServiceStub(channel).UnimplementedCall(empty_pb2.Empty(), timeout=TIMEOUT))


def expect_unimplemented(call) -> None:
    try:
        call()
        raise AssertionError("no error")
    except grpc.RpcError as error:
        assert error.code() == grpc.StatusCode.UNIMPLEMENTED


def stream_10000(stub, _):
    """Ten thousand messages in each direction on one stream."""
    answers = stub.FullDuplexCall((output_request(100, 100) for _ in range(10_000)), timeout=120)
    assert sum(1 for _ in answers) == 10_000


def health(_, channel):
    stub = health_pb2_grpc.HealthStub(channel)
    check = lambda name: stub.Check(health_pb2.HealthCheckRequest(service=name), timeout=TIMEOUT).status
    assert check("") == health_pb2.HealthCheckResponse.SERVING
    assert check("down") == health_pb2.HealthCheckResponse.NOT_SERVING
    watch = stub.Watch(health_pb2.HealthCheckRequest(service=""), timeout=TIMEOUT)
    assert next(watch).status == health_pb2.HealthCheckResponse.SERVING
    watch.cancel()


def reflection(_, channel):
    stub = reflection_pb2_grpc.ServerReflectionStub(channel)
    asked = iter([reflection_pb2.ServerReflectionRequest(list_services="")])
    answer = next(stub.ServerReflectionInfo(asked, timeout=TIMEOUT))
    assert "grpc.testing.TestService" in [s.name for s in answer.list_services_response.service]


CASES = {f.__name__: f for f in (
    empty_unary, large_unary, client_streaming, server_streaming, ping_pong, empty_stream, timeout_on_sleeping_server, cancel_after_begin,
    cancel_after_first_response, status_code_and_message, special_status_message, custom_metadata, unimplemented_method, unimplemented_service,
    stream_10000, health, reflection)}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--target", required=True)
    parser.add_argument("--case", required=True, choices=CASES)
    parser.add_argument("--ca")
    parser.add_argument("--authority", default="server.test")
    given = parser.parse_args()
    if given.ca:
        credentials = grpc.ssl_channel_credentials(open(given.ca, "rb").read())
        channel = grpc.secure_channel(given.target, credentials, options=[("grpc.ssl_target_name_override", given.authority)])
    else:
        channel = grpc.insecure_channel(given.target)
    with channel:
        CASES[given.case](service.TestServiceStub(channel), channel)


if __name__ == "__main__":
    main()
