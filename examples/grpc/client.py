#!/usr/bin/env python3
"""Calls the service through the proxy and checks what comes back: client.py PORT."""
import sys

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

with grpc.insecure_channel(f"127.0.0.1:{sys.argv[1]}") as channel:
    stub = health_pb2_grpc.HealthStub(channel)
    reply = stub.Check(health_pb2.HealthCheckRequest(), timeout=5)
    assert reply.status == health_pb2.HealthCheckResponse.SERVING, reply
    print("ok: a unary call: SERVING")

    stream = stub.Watch(health_pb2.HealthCheckRequest(), timeout=5)
    assert next(stream).status == health_pb2.HealthCheckResponse.SERVING
    stream.cancel()
    print("ok: the first message of a stream, which the client then cancels")

    try:
        stub.Check(health_pb2.HealthCheckRequest(service="unknown"), timeout=5)
        raise AssertionError("an unknown service was found")
    except grpc.RpcError as error:
        assert error.code() == grpc.StatusCode.NOT_FOUND, error
        print("ok: an error of the service: NOT_FOUND")

    try:
        stub.Check(health_pb2.HealthCheckRequest(), timeout=5, metadata=[("x-service", "nobody")])
        raise AssertionError("nobody answered")
    except grpc.RpcError as error:
        assert error.code() == grpc.StatusCode.UNAVAILABLE, error
        print("ok: a service that is not there: UNAVAILABLE")
