"""A running `proa control --store`, and those who ask it: the commands, and gRPC's own client by objects.proto."""
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import grpc

from tests.support import binaries
from tests.support.ports import Reservation
from tests.support.programs import Program

SOURCES = binaries.ROOT / "src"


def stubs():
    """Messages and services of objects.proto, made as any client of the API makes them."""
    if str(SOURCES) not in sys.path:
        sys.path.insert(0, str(SOURCES))
    return grpc.protos_and_services("mesh/api/objects.proto")


class StorePlane:
    """proa control --store, and more by `flags`."""

    def __init__(self, *flags: str):
        self.directory = Path(tempfile.mkdtemp(prefix="proa-store-"))     # short: it holds a socket
        self.store, self.socket = self.directory / "store", self.directory / "api"
        self.flags = flags
        self.port = Reservation()
        self.program: Program | None = None

    def start(self) -> "StorePlane":
        self.port.release()
        before = self.log().count(" objects of ")
        self.program = Program([binaries.proa(), "control", "--store", self.store, "--api", self.socket, "--debounce-ms", "20",
                                "--xds", f"127.0.0.1:{self.port.port}", *self.flags], self.directory / "control.log")
        self.program.wait_ready(lambda: self.log().count(" objects of ") > before)   # said when it listens
        return self

    def stop(self, kill: bool = False) -> None:
        if self.program:
            self.program.stop(kill=kill)

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.directory)

    def log(self) -> str:
        path = self.directory / "control.log"
        return path.read_text() if path.exists() else ""

    def proa(self, *words: str, text: str = "", env: dict[str, str] | None = None) -> subprocess.CompletedProcess:
        command, *more = words
        return self.run(command, "--api", self.socket, *more, text=text, env=env)

    def run(self, *words, text: str = "", env: dict[str, str] | None = None) -> subprocess.CompletedProcess:
        return subprocess.run([binaries.proa(), *words], input=text, capture_output=True, text=True, timeout=30, env=env)

    def channel(self) -> grpc.Channel:
        return grpc.insecure_channel(f"unix:{self.socket}")
