"""A mesh of many services in a folder, its control plane, and one sidecar without redirection."""
import os

from tests.control.mesh_plane import PRODUCTPAGE, Agent, MeshPlane, sidecar
from tests.support.client import Dial
from tests.support.client_h1 import Http1Client
from tests.support.deadline import wait_for
from tests.support.origin import Origin
from tests.support.ports import Reservation

SERVICE = """apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {{name: s{number}, namespace: shop}}
spec:
  hosts: [s{number}.example.com]
  ports: [{{number: {port}, name: http, protocol: HTTP}}]
  resolution: STATIC
  location: MESH_INTERNAL
  endpoints: [{{address: {address}{ports}}}]
"""
SIDECAR = """apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {{name: default, namespace: shop}}
spec:
  egress: [{{port: {{number: {port}, name: http, protocol: HTTP}}, bind: 127.0.0.1, hosts: ["./*"]}}]
"""
ROUTE = """apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: s0, namespace: shop}}
spec:
  hosts: [s0.example.com]
  http: [{{route: [{{destination: {{host: {host}, port: {{number: {port}}}}}}}]}}]
"""


class World:
    """Services 0 and 1 are origins "a" and "b"; the others are nowhere. A VirtualService says which one answers for 0."""

    def __init__(self, folder, services, with_sidecar=True):
        self.port = Reservation()
        self.plane, self.agent = MeshPlane(folder), Agent(folder)
        self.origins = [Origin(name) for name in "ab"]
        for number in range(services):
            self.write_service(number)
        self.route_to(0)
        if with_sidecar:
            self.plane.write("sidecar.yaml", SIDECAR.format(port=self.port.port))
        os.sync()
        self.plane.start()
        self.proxy = None
        if with_sidecar:
            self.port.release()
            node = {**PRODUCTPAGE, "metadata": {**PRODUCTPAGE["metadata"], "INTERCEPTION_MODE": "NONE"}}
            self.proxy = sidecar(self.plane, self.agent, folder / "proxy", "proa", "DELTA_GRPC", node)
            wait_for(lambda: self.answer_or_none() == b"a", "the first answer", 30)

    def write_service(self, number, address="127.0.0.1"):
        ports = f", ports: {{http: {self.origins[number].port}}}" if number < 2 else ""
        self.plane.write(f"s{number}.yaml", SERVICE.format(number=number, port=self.port.port, address=address, ports=ports))

    def route_to(self, number):
        self.plane.write("route.yaml", ROUTE.format(host=f"s{number}.example.com", port=self.port.port))

    def client(self):
        return Http1Client(Dial(self.port.port))

    def answer_or_none(self):
        try:
            with self.client() as client:
                return ask(client)
        except OSError:
            return None

    def stop(self):
        for each in (self.proxy, self.agent, self.plane, *self.origins):
            if each:
                each.stop()


def ask(client):
    return client.request("GET", "/", [("host", "s0.example.com")]).body
