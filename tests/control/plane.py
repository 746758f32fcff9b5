"""A running `proa control` on a folder of resources, and proxies that it configures."""
import json
import os
from pathlib import Path

import grpc

from tests.support import binaries
from tests.support.client import Dial
from tests.support.client_h1 import Http1Client
from tests.support.deadline import wait_for
from tests.support.origin import Origin
from tests.support.ports import Reservation
from tests.support.programs import Program
from tests.support.proxy import Proxy
from tests.xds import api
from tests.xds.world import assignment, bootstrap, cluster, listener, routes


class Plane:
    """proa control. Resources are written as files, whole or not at all."""

    def __init__(self, directory: Path, flags: tuple[str, ...] = ()):
        self.directory = directory
        self.folder = directory / "resources"
        self.folder.mkdir(parents=True)
        self.port = Reservation()
        self.flags = flags
        self.program: Program | None = None

    def write(self, name: str, *resources: tuple[str, dict]) -> None:
        text = json.dumps({"resources": [{"@type": type_url, **body} for type_url, body in resources]})
        self.write_text(name, text)

    def write_text(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        part = path.with_name(f".{path.name}.part")
        part.write_text(text)
        os.replace(part, path)

    def start(self) -> "Plane":
        self.port.release()
        before = self.log().count(" resources of ") if self.program else 0
        self.program = Program([binaries.proa(), "control", "--resources", self.folder, "--debounce-ms", "20", "--xds",
                                f"127.0.0.1:{self.port.port}", *self.flags], self.directory / "control.log")
        self.program.wait_ready(lambda: self.log().count(" resources of ") > before)   # said when it listens
        return self

    def stop(self, kill: bool = False) -> int:
        return self.program.stop(kill=kill)

    def log(self) -> str:
        return (self.directory / "control.log").read_text()

    def wait_log(self, text: str) -> None:
        wait_for(lambda: text in self.log(), f"the control plane to say {text!r}")

    def channel(self) -> grpc.Channel:
        return grpc.insecure_channel(f"127.0.0.1:{self.port.port}")


class Mesh:
    """A plane, origins a and b, and a proxy."""

    def __init__(self, directory: Path, kind: str, api_type: str):
        self.directory, self.kind, self.api_type = directory, kind, api_type
        self.plane = Plane(directory)
        self.origins = {name: Origin(name) for name in "ab"}
        self.main = Reservation()
        self.proxy: Proxy | None = None

    def write_cluster(self, name: str, origin: str, **more: object) -> None:
        self.plane.write(f"cluster-{name}.yaml", (api.CLUSTER, cluster(name, **more)),
                         (api.ENDPOINTS, assignment(name, self.origins[origin].port)))

    def write_routes(self, target: str) -> None:
        self.plane.write("routes.yaml", (api.ROUTES, routes("r", target)))

    def write_together(self, name: str, origin: str) -> None:
        """A cluster and the routes to it in one file: no push has one of them alone."""
        self.plane.write("together.yaml", (api.CLUSTER, cluster(name)),
                         (api.ENDPOINTS, assignment(name, self.origins[origin].port)), (api.ROUTES, routes("r", name)))

    def write_listener(self) -> None:
        self.plane.write("listener.yaml", (api.LISTENER, listener("main", self.main.port, "r")))

    def write_all(self) -> None:
        self.write_cluster("one", "a")
        self.write_routes("one")
        self.write_listener()

    def start(self) -> None:
        self.plane.start()
        self.main.release()

        class At:
            port = self.plane.port.port
        self.proxy = Proxy(bootstrap(At, self.api_type), self.directory / "proxy", self.kind)

    def answer(self) -> str:
        with Http1Client(Dial(self.main.port)) as client:
            got = client.request("GET", "/", [("host", "test")])
        return got.body.decode() if got.status == 200 else str(got.status)

    def wait_answer(self, who: str) -> None:
        def answered() -> bool:
            try:
                return self.answer() == who
            except (ConnectionRefusedError, ConnectionResetError):
                return False
        wait_for(answered, f"an answer of {who}")

    def stop(self) -> None:
        if self.proxy:
            self.proxy.stop()
        if self.plane.program:
            self.plane.stop()
        for origin in self.origins.values():
            origin.stop()
        self.main.release()
