"""Runs one proxy, ours or Envoy: same configuration, same flags.

The configuration is a bootstrap as a dict. The admin block is added here, with
a port of this process's own, so that callers never deal with it.
"""
import copy
import json
from pathlib import Path

from tests.support import binaries
from tests.support.admin import Admin
from tests.support.ports import Reservation
from tests.support.programs import Program


class Proxy:
    """A running proxy. `kind` is "proa" or "envoy"; use as a context manager."""

    def __init__(self, bootstrap: dict, directory: Path, kind: str = "proa", flags: tuple[str, ...] = (),
                 concurrency: int = 1, wait: bool = True):
        self.kind = kind
        self.directory = Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self._reserved = Reservation()
        self.admin = Admin(self._reserved.port)
        self._reserved.release()
        self.config_path = self.directory / "envoy.yaml"
        self.write_config(bootstrap)
        self.program = Program(command(kind, self.config_path, concurrency, flags), self.directory / f"{kind}.log")
        if wait:
            self.program.wait_ready(self.admin.ready)

    def write_config(self, bootstrap: dict) -> None:
        """Replaces the file that the proxy was started with (JSON, which is YAML)."""
        whole = copy.deepcopy(bootstrap)
        whole["admin"] = {"address": {"socket_address": {"address": "127.0.0.1", "port_value": self.admin.port}}}
        self.config_path.write_text(json.dumps(whole, indent=1))

    def stop(self) -> None:
        self.program.stop(kill=self.kind == "envoy")

    def __enter__(self) -> "Proxy":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def binary(kind: str) -> Path:
    return binaries.envoy() if kind == "envoy" else binaries.proa_proxy()


def command(kind: str, config: Path, concurrency: int = 1, flags: tuple[str, ...] = ()) -> list[str]:
    """Envoy's command line; proa-proxy takes the same flags."""
    hot_restart = () if "--base-id" in flags or "--use-dynamic-base-id" in flags else ("--disable-hot-restart",)
    level = () if "-l" in flags else ("-l", "error")
    return [str(binary(kind)), "-c", str(config), "--concurrency", str(concurrency), *level,
            "--file-flush-interval-msec", "2", *hot_restart, *flags]
