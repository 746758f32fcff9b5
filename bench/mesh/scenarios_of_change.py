"""From a change to its effect, and what traffic notices."""
import pathlib
import subprocess
import threading
import time

from figures import milliseconds, percentile
from tests.support.deadline import wait_for
from tests.support.origin import Origin
from tests.support.ports import Reservation
from tests.support.proxy import Proxy
from tests.xds import api
from tests.xds.control_plane import ControlPlane
from tests.xds.world import bootstrap, cluster, listener, routes, socket_address
from world import World, ask

RATE = 2000          # requests a second
CONNECTIONS = 8


def effect(folder, chosen):
    """a file saved to the first request by the new rule"""
    world = World(folder, chosen.services)
    times = []
    try:
        with world.client() as client:
            for number in range(10 if chosen.quick else 300):
                target = (number + 1) % 2
                begin = time.perf_counter()
                world.route_to(target)
                while ask(client) != b"ab"[target:target + 1]:
                    pass
                times.append(time.perf_counter() - begin)
        return [milliseconds(f"a VirtualService among {chosen.services} services", times)]
    finally:
        world.stop()


def endpoint(folder, chosen):
    """one endpoint of 10,000: from the control plane's message to the first request by it"""
    count = 10_000
    origins = [Origin(name) for name in "ab"]
    port, control, proxy = Reservation(), ControlPlane().start(), None

    def assignment(turn):
        """All but one are unhealthy, so that one answers."""
        ends = [{"endpoint": {"address": socket_address(1 + number)}, "health_status": "UNHEALTHY"} for number in range(count - 1)]
        ends.insert(count // 2, {"endpoint": {"address": socket_address(origins[turn].port)}})
        return api.parse(api.ENDPOINTS, {"cluster_name": "c", "endpoints": [{"lb_endpoints": ends}], "policy": {
            "overprovisioning_factor": 10_000_000}})
    bodies = [api.packed(assignment(turn)) for turn in (0, 1)]

    def say(turn):
        """As ControlPlane.set, but what is sent is made before the clock runs."""
        with control._lock:
            control._resources.setdefault(api.ENDPOINTS, {})["c"] = (str(next(control._version)), bodies[turn])
            begin = time.perf_counter()
            control._changed(api.ENDPOINTS)
        return begin
    try:
        say(0)
        control.set(api.CLUSTER, cluster("c", common_lb_config={"healthy_panic_threshold": {"value": 0}}))
        control.set(api.LISTENER, listener("main", port.port, "r"))
        control.set(api.ROUTES, routes("r", "c"))
        port.release()
        proxy = Proxy(bootstrap(control, "DELTA_GRPC"), folder / "proxy", concurrency=2)
        world = type("Dialled", (), {"port": port})()
        times = []
        with World.client(world) as client:
            wait_for(lambda: ask(client) == b"a", "the first answer", 30)
            for number in range(10 if chosen.quick else 200):
                turn = (number + 1) % 2
                begin = say(turn)
                while ask(client) != b"ab"[turn:turn + 1]:
                    pass
                times.append(time.perf_counter() - begin)
        return [milliseconds("with the sending of 10,000 endpoints by Python's gRPC", times)]
    finally:
        for each in (proxy, control, *origins):
            if each:
                each.stop()


def load(port, seconds, log):
    """Latencies in seconds of RATE requests a second, and how many requests failed."""
    run = subprocess.run(["h2load", "--h1", "-c", str(CONNECTIONS), "-t", "1", "--rps", str(RATE // CONNECTIONS), "-D",
                          str(seconds), f"--log-file={log}", f"--connect-to=127.0.0.1:{port}", "http://s0.example.com/"],
                         capture_output=True, text=True, check=True)
    lines = [line.split() for line in pathlib.Path(log).read_text().splitlines()]
    return [int(took) / 1e6 for _, _, took in lines], sum(status != "200" for _, status, _ in lines), run.stdout


def traffic(folder, chosen):
    """2,000 requests a second, quiet and during changes"""
    changes, seconds = (20, 3) if chosen.quick else (1000, 60)
    world = World(folder, chosen.services)
    rows = []
    try:
        load(world.port.port, 2, folder / "warm.log")
        quiet, failed, _ = load(world.port.port, seconds, folder / "quiet.log")
        rows.append(milliseconds("quiet", quiet) | {"failed": failed})
        done = threading.Event()
        made = 0

        def change():
            nonlocal made
            while not done.is_set() and made < changes:
                made += 1
                world.write_service(2 + made % (chosen.services - 2), f"10.0.{made % 250}.1")
                done.wait(seconds / changes * 0.95)
        thread = threading.Thread(target=change)
        thread.start()
        busy, failed, _ = load(world.port.port, seconds, folder / "busy.log")
        done.set()
        thread.join()
        rows.append(milliseconds(f"during {made} changes", busy) | {"failed": failed})
        rows.append({"what": "ratio of p99", "p99 ms": round(percentile(busy, 0.99) / percentile(quiet, 0.99), 2)})
        return rows
    finally:
        world.stop()
