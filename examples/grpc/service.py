#!/usr/bin/env python3
"""A gRPC server with the standard health service and reflection: service.py PORT."""
import concurrent.futures
import sys

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

server = grpc.server(concurrent.futures.ThreadPoolExecutor(8))
health_pb2_grpc.add_HealthServicer_to_server(health.HealthServicer(), server)
reflection.enable_server_reflection((health.SERVICE_NAME, reflection.SERVICE_NAME), server)
server.add_insecure_port(f"127.0.0.1:{sys.argv[1]}")
server.start()
server.wait_for_termination()
