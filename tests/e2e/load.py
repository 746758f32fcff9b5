"""A well-behaved client, for the tests that ask whether others suffer.

Keep-alive connections in threads, one request after the other; every failure
and every latency is kept. It paces itself a little so as not to be the flood.
"""
import os
import threading
import time

from tests.support.client import Dial
from tests.support.client_h1 import Http1Client
from tests.support.deadline import wait_for

LOADED_MACHINE_S = 0.03        # a shared machine adds this much to a p99 on its own
ROUNDS = 5                     # in one of them the machine may be busy with other tests; what an attack does is in all


class Load:
    """`with Load(dial, connections=4) as load: ...` then load.failures, load.p99()."""

    def __init__(self, dial: Dial, connections: int = 4, path: str = "/calm", pace_s: float = 0.002,
                 keep_alive: bool = True):
        self.dial, self.path, self.pace_s = dial, path, pace_s
        self.headers = [("host", "h")] if keep_alive else [("host", "h"), ("connection", "close")]
        self.latencies: list[float] = []
        self.failures: list[str] = []
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(connections)]

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(10)

    def _run(self) -> None:
        client = None
        while not self._stop.wait(self.pace_s):
            begin = time.perf_counter()
            try:
                client = client or Http1Client(self.dial)
                answer = client.request("GET", self.path, self.headers)
            except OSError as error:
                self.failures.append(repr(error))
                client = None
                continue
            self.latencies.append(time.perf_counter() - begin)
            if answer.status != 200 or answer.end != "complete":
                self.failures.append(f"{answer.status} {answer.end}")
            if answer.end != "complete" or "close" in answer.header("connection"):
                client.close()
                client = None
        if client:
            client.close()

    def count(self) -> int:
        return len(self.latencies)

    def p99(self) -> float:
        ordered = sorted(self.latencies)
        return ordered[int(len(ordered) * 0.99)] if ordered else 0.0


def normal_p99(dial: Dial, requests: int = 300) -> float:
    """The p99 of a calm client while nothing else happens."""
    with Load(dial) as load:
        wait_for(lambda: load.count() >= requests, "a calm client", 30)
    return load.p99()


def suffers(dial: Dial, before: float, now: float) -> bool:
    """Whether a p99 has more than doubled, beyond what the machine itself adds.

    A bad value is compared once more, with a calm measurement taken now: the
    machine may have become busy meanwhile with other people's work. The time of
    a program under a sanitizer says nothing.
    """
    if os.environ.get("PROA_SANITIZED"):
        return False

    def worse(usual: float) -> bool:
        return now > max(2 * usual, usual + LOADED_MACHINE_S)
    return worse(before) and worse(normal_p99(dial))
