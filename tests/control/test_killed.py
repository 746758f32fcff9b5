"""The control plane is killed again and again while requests pass: none fails, and what changed meanwhile comes."""
import re
import subprocess
import threading

from tests.control.plane import Mesh
from tests.support.deadline import wait_for
from tests.support.scale import scaled

import pytest

pytestmark = pytest.mark.proa_only
KILLS = scaled(4, whole=20)
REQUESTS = scaled(4_000, whole=200_000)
BATCH = 2_000


class Requests(threading.Thread):
    """HTTP/1.1 on kept connections, batch after batch, until told to end."""

    def __init__(self, port: int):
        super().__init__()
        self.url = f"http://127.0.0.1:{port}/"
        self.done = threading.Event()
        self.answered = 0
        self.bad: list[str] = []

    def run(self) -> None:
        while not (self.done.is_set() and self.answered >= REQUESTS):
            out = subprocess.run(["h2load", "--h1", "-n", str(BATCH), "-c", "8", "-t", "1", self.url], text=True,
                                 capture_output=True, timeout=120).stdout
            good = re.search(r"status codes: (\d+) 2xx, 0 3xx, 0 4xx, 0 5xx", out)
            if not good or int(good[1]) != BATCH:
                self.bad.append(out)
                return
            self.answered += BATCH


@pytest.mark.parametrize("api_type", ["GRPC", "DELTA_GRPC"])
def test_no_request_fails_when_the_control_plane_is_killed(tmp_path, api_type):
    mesh = Mesh(tmp_path, "proa", api_type)
    try:
        mesh.write_all()
        mesh.start()
        mesh.wait_answer("a")
        load = Requests(mesh.main.port)
        load.start()
        for number in range(KILLS):
            mesh.plane.stop(kill=True)
            who = "ab"[number % 2]
            mesh.write_cluster("one", who)       # while nobody looks
            mesh.plane.start()
            mesh.wait_answer(who)
        load.done.set()
        wait_for(lambda: not load.is_alive(), "the requests", 300)
        assert load.bad == []
        assert load.answered >= REQUESTS
    finally:
        mesh.stop()
