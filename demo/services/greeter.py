#!/usr/bin/env python3
"""The demo's gRPC service in Python, with health and reflection: greeter.py ADDRESS NAME FOLDER_OF_GENERATED_CODE."""
import concurrent.futures
import sys

import grpc
from grpc_health.v1 import health, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

ADDRESS, NAME, GENERATED = sys.argv[1:4]
sys.path.insert(0, GENERATED)
import greeter_pb2  # noqa: E402
import greeter_pb2_grpc  # noqa: E402


class Greeter(greeter_pb2_grpc.GreeterServicer):
    def Greet(self, request, context):
        return greeter_pb2.GreetReply(text=f"Hello, {request.name}!", language=NAME)

    def Count(self, request, context):
        for number in range(1, request.to + 1):
            yield greeter_pb2.CountReply(number=number)


def main():
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(max_workers=8))
    greeter_pb2_grpc.add_GreeterServicer_to_server(Greeter(), server)
    health_pb2_grpc.add_HealthServicer_to_server(health.HealthServicer(), server)
    names = [greeter_pb2.DESCRIPTOR.services_by_name["Greeter"].full_name, reflection.SERVICE_NAME]
    reflection.enable_server_reflection(names, server)
    server.add_insecure_port(ADDRESS)
    server.start()
    server.wait_for_termination()


if __name__ == "__main__":
    main()
