"""One proxy with its origins, running one feature's configuration.

Two worlds of one feature differ only in the proxy and in port numbers;
`symbolic` writes ports as names so that what they show can be compared.
"""
import json
import re
from pathlib import Path

from tests.parity import expand
from tests.parity.feature import Feature
from tests.support import certs
from tests.support.client import Dial
from tests.support.client_h1 import Http1Client
from tests.support.deadline import wait_for
from tests.support.origin import Origin
from tests.support.ports import Reservation
from tests.support.proxy import Proxy
from tests.support.reply import Received, Script
from tests.support.tcp_origin import TcpOrigin

DEFAULT_ORIGINS: dict[str, dict] = {"a": {}, "b": {}, "c": {}}


class World:
    def __init__(self, feature: Feature, kind: str, directory: Path, others: dict[str, int] | None = None):
        """`others`: ports of servers that somebody else runs, for ${name.port}."""
        self.feature, self.kind, self._others = feature, kind, others or {}
        self.directory = Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.log_path = self.directory / "access.log"
        self.log_path.touch()
        self._log_at = 0
        self.origins: dict[str, Origin] = {}
        self.tcp: dict[str, TcpOrigin] = {}
        self._reserved: dict[str, Reservation] = {}
        self._start_origins()
        places = self._places()
        whole = expand.fill(expand.bootstrap(feature.config), places)
        try:
            self.proxy = Proxy(whole, self.directory, kind, feature.flags, feature.concurrency)
        except BaseException:
            self._stop_origins()
            raise
        self.admin = self.proxy.admin

    def _start_origins(self) -> None:
        for name, options in {**DEFAULT_ORIGINS, **self.feature.origins}.items():
            options = dict(options)
            if options.pop("tcp", False):
                self.tcp[name] = TcpOrigin(name)
                continue
            if "tls" in options:
                options["tls"] = certs.server_context(**options["tls"])
            self.origins[name] = Origin(name, **options)
        self._reserved["refused"] = Reservation()
        for name in expand.listener_names(self.feature.config):
            self._reserved[name] = Reservation()

    def _places(self) -> dict[str, object]:
        places: dict[str, object] = {"log.path": str(self.log_path), "dir": str(self.directory), **certs.paths()}
        self.ports = {name: thing.port for group in (self.origins, self.tcp, self._reserved)
                      for name, thing in group.items()} | self._others
        for name, port in self.ports.items():
            places[name], places[f"{name}.port"] = f"127.0.0.1:{port}", port
        return places

    def port(self, name: str) -> int:
        return self.ports[name]

    def dial(self, listener: str = "main", **more: object) -> Dial:
        tls = more.pop("tls", None)
        if isinstance(tls, dict):
            tls = certs.client_context(tls.get("cert"), tls.get("alpn"))
        return Dial(self.ports[listener], tls=tls, **more)

    def begin(self, script: Script) -> None:
        """A clean slate for the next case."""
        for origin in self.origins.values():
            origin.reset(script)
        for origin in self.tcp.values():
            origin.reset()
        self.drain_log(0)
        self._stats_before = self.admin.stats()

    def received(self) -> list[Received]:
        """All requests of this case; of one origin in order, origins by name."""
        return [r for name in sorted(self.origins) for r in self.origins[name].requests]

    def drain_log(self, expected: int, seconds: float = 2.0) -> list[dict]:
        """Log lines since the last call; waits until there are `expected`.

        The file is written in the background. A request to the listener
        `barrier` is logged behind everything that came before it.
        """
        lines: list[dict] = []
        marks = 0

        def enough() -> bool:
            nonlocal marks
            marks += self._barrier()
            got, done = [], 0
            for line in self._new_lines():
                if line.get("ROUTE") == "barrier":
                    done += 1
                else:
                    got.append(line)
            lines.extend(got)
            self._seen_marks = getattr(self, "_seen_marks", 0) + done
            return self._seen_marks >= self._sent_marks and len(lines) >= expected

        try:
            wait_for(enough, "access log", seconds, every=0.003)
        except AssertionError:
            pass                               # too few lines is itself an observation
        return lines

    def _barrier(self) -> int:
        """Sends a mark unless one is still on its way to the file."""
        sent, seen = getattr(self, "_sent_marks", 0), getattr(self, "_seen_marks", 0)
        if sent > seen:
            return 0
        with Http1Client(Dial(self.ports["barrier"])) as client:
            client.request("GET", "/", [("host", "barrier")])
        self._sent_marks = sent + 1
        return 1

    def _new_lines(self) -> list[dict]:
        with open(self.log_path, "rb") as file:
            file.seek(self._log_at)
            data = file.read()
        whole, _, _ = data.rpartition(b"\n")
        if not whole:
            return []
        self._log_at += len(whole) + 1
        return [json.loads(line) for line in whole.splitlines()]

    def stats_delta(self) -> dict[str, int]:
        now = self.admin.stats()
        before = self._stats_before
        return {name: value - before.get(name, 0) for name, value in now.items() if value != before.get(name, 0)}

    def symbolic(self, text: str) -> str:
        """Writes this world's ports as names."""
        by_port = {str(port): name for name, port in self.ports.items()}
        return re.sub(r"(?<=:)(\d{4,5})(?!\d)", lambda found: f"<{by_port[found[1]]}>" if found[1] in by_port else found[1], text)

    def stop(self) -> None:
        self.proxy.stop()
        self._stop_origins()

    def _stop_origins(self) -> None:
        for thing in [*self.origins.values(), *self.tcp.values()]:
            thing.stop()
        for reservation in self._reserved.values():
            reservation.release()
