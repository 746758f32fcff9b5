"""A running `proa control` on a folder of objects, and sidecars that it configures."""
import json
import os
from pathlib import Path

from tests.support import binaries
from tests.support.certs import Authority
from tests.support.deadline import wait_for
from tests.support.ports import Reservation
from tests.support.programs import Program
from tests.support.proxy import Proxy
from tests.xds import api
from tests.xds.control_plane import ControlPlane
from tests.xds.world import HTTP2, assignment, bootstrap

PRODUCTPAGE = {
    "id": "sidecar~127.0.1.1~productpage-1.shop~shop.svc.cluster.local", "cluster": "istio-proxy",
    "locality": {"region": "r1", "zone": "z1", "sub_zone": "s1"},
    "metadata": {"NAMESPACE": "shop", "LABELS": {"app": "productpage", "version": "v1"}, "CLUSTER_ID": "bare",
                 "ISTIO_VERSION": "1.29.6", "SERVICE_ACCOUNT": "productpage", "INTERCEPTION_MODE": "REDIRECT",
                 "WORKLOAD_NAME": "productpage-v1", "INSTANCE_IPS": "127.0.1.1", "DNS_CAPTURE": "true",
                 "MESH_ID": "cluster.local", "PROXY_CONFIG": {}}}


class MeshPlane:
    """proa control --config. Files are written whole or not at all."""

    def __init__(self, directory: Path, mesh_config: str = ""):
        self.directory = directory
        self.folder = directory / "mesh"
        self.folder.mkdir(parents=True)
        self.mesh_config = directory / "mesh.yaml"
        self.mesh_config.write_text(mesh_config or "{}")
        self.port = Reservation()
        self.program: Program | None = None

    def write(self, name: str, text: str) -> None:
        part = self.folder / f".{name}.part"
        part.write_text(text)
        os.replace(part, self.folder / name)

    def start(self) -> "MeshPlane":
        self.port.release()
        self.program = Program([binaries.proa(), "control", "--config", self.folder, "--mesh-config", self.mesh_config,
                                "--debounce-ms", "20", "--xds", f"127.0.0.1:{self.port.port}"],
                               self.directory / "control.log")
        self.program.wait_ready(lambda: " objects of " in self.log())   # said when it listens
        return self

    def stop(self) -> None:
        if self.program:
            self.program.stop()

    def log(self) -> str:
        return (self.directory / "control.log").read_text()

    def wait_log(self, text: str) -> None:
        wait_for(lambda: text in self.log(), f"the control plane to say {text!r}")


class Agent:
    """What stands beside a sidecar: it serves the secrets that Istio's resources name."""

    def __init__(self, directory: Path):
        self.served = ControlPlane().start()
        authority = Authority(directory / "ca", "mesh-ca")
        cert, key = authority.issue("productpage", dns=["productpage"])
        names = ("default", "file-cert:/etc/proa/certs/gw.pem~/etc/proa/certs/gw.key")
        roots = ("ROOTCA", "file-root:/etc/proa/certs/gw-ca.pem", "file-root:system")
        self.served.set(api.SECRET, *(
            {"name": name, "tls_certificate": {"certificate_chain": {"inline_string": Path(cert).read_text()},
                                               "private_key": {"inline_string": Path(key).read_text()}}}
            for name in names), *(
            {"name": name, "validation_context": {
                "trusted_ca": {"inline_string": Path(authority.path).read_text()}}} for name in roots))

    def stop(self) -> None:
        self.served.stop()


def sidecar(plane: MeshPlane, agent: Agent, directory: Path, kind: str, api_type: str, node: dict = PRODUCTPAGE,
            wait: bool = True) -> Proxy:
    class At:
        port = plane.port.port
    config = bootstrap(At, api_type)
    config["node"] = json.loads(json.dumps(node))
    config["static_resources"]["clusters"].append({
        "name": "sds-grpc", "connect_timeout": "1s", "typed_extension_protocol_options": HTTP2,
        "load_assignment": assignment("sds-grpc", agent.served.port)})
    return Proxy(config, directory, kind, wait=wait)
