"""A control plane with many proxies: what a change costs it, and when the last one knows."""
import json
import pathlib
import queue
import threading
import time

import grpc

from figures import percentile
from tests.control.mesh_plane import PRODUCTPAGE
from tests.support.deadline import wait_for
from tests.xds import api
from tests.xds.control_plane import ADS, DELTA_REQUEST, DELTA_RESPONSE
from world import World

DEBOUNCE = 0.02      # of MeshPlane


class SimulatedProxy:
    """A delta stream that acknowledges what it is sent, and subscribes to the names in it as a proxy does."""

    def __init__(self, channel, number, hub):
        self.number, self.hub = number, hub
        self.bytes = 0
        self._requests = queue.Queue()
        self._call = channel.stream_stream(f"/{ADS}/DeltaAggregatedResources", request_serializer=None,
                                           response_deserializer=None)(iter(self._requests.get, None))
        node = {**PRODUCTPAGE, "id": f"sidecar~127.0.{2 + number // 250}.{1 + number % 250}~w{number}.shop~shop.svc.cluster.local"}
        for first, type_url in enumerate((api.CLUSTER, api.LISTENER)):
            request = api.new(DELTA_REQUEST, type_url=type_url)
            if not first:
                request.node.CopyFrom(hub.node(node))
            self._requests.put(request.SerializeToString())
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        try:
            for data in self._call:
                self.bytes += len(data)
                self._answer(api.message_class(DELTA_RESPONSE).FromString(data))
                self.hub.told(self)
        except grpc.RpcError:
            pass

    def _answer(self, response):
        self._requests.put(api.new(DELTA_REQUEST, type_url=response.type_url, response_nonce=response.nonce).SerializeToString())
        if response.type_url == api.CLUSTER and response.resources:
            names = [resource.name for resource in response.resources if resource.name.startswith("outbound|")]
            self._requests.put(api.new(DELTA_REQUEST, type_url=api.ENDPOINTS, resource_names_subscribe=names).SerializeToString())
        if response.type_url == api.LISTENER and response.resources:
            ports = {resource.name.rpartition("_")[2] for resource in response.resources if "_" in resource.name}
            self._requests.put(api.new(DELTA_REQUEST, type_url=api.ROUTES, resource_names_subscribe=ports).SerializeToString())

    def stop(self):
        self._requests.put(None)
        self._call.cancel()


class Hub:
    """What all simulated proxies share: when the last message came."""

    def __init__(self):
        self._lock = threading.Lock()
        self.last = 0.0
        self.messages = 0
        self.reached = set()

    def node(self, node):
        return api.parse(api.PREFIX + "envoy.config.core.v3.Node", json.loads(json.dumps(node)))

    def told(self, proxy):
        with self._lock:
            self.last = time.perf_counter()
            self.messages += 1
            self.reached.add(proxy.number)

    def settle(self, quiet=1.0):
        wait_for(lambda: time.perf_counter() - self.last > quiet, "the control plane to be still", 180, every=0.05)


def cpu_seconds(pid):
    return sum(int(path.read_text().split()[0]) for path in pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat")) / 1e9


def fanout(folder, chosen):
    """many proxies: CPU of the control plane for a change, the last proxy reached, bytes"""
    world = World(folder, chosen.services, with_sidecar=False)
    hub = Hub()
    target = f"127.0.0.1:{world.plane.port.port}"
    options = [("grpc.max_receive_message_length", -1), ("grpc.use_local_subchannel_pool", 1)]
    channels = [grpc.insecure_channel(target, options) for _ in range(chosen.proxies)]
    pid = world.plane.program.pid
    before = cpu_seconds(pid)
    proxies = [SimulatedProxy(channel, number, hub) for number, channel in enumerate(channels)]
    rows = []
    try:
        wait_for(lambda: len(hub.reached) == chosen.proxies, "all proxies to be told", 180)
        hub.settle()
        rows.append({"what": f"first state of {chosen.proxies} proxies", "CPU ms": round((cpu_seconds(pid) - before) * 1e3),
                     "bytes": sum(proxy.bytes for proxy in proxies) // chosen.proxies,
                     "RSS MB": round(world.plane.program.resident_bytes() / 1e6, 1)})
        for what, change in (("endpoint", lambda n: world.write_service(2, f"10.1.{n}.1")),
                             ("service", lambda n: world.write_service(chosen.services + n)),
                             ("VirtualService", lambda n: world.route_to(n % 2))):
            cpu, last, sent = [], [], []
            for number in range(3 if chosen.quick else 20):
                hub.settle(0.5)
                hub.reached.clear()
                used, had = cpu_seconds(pid), sum(proxy.bytes for proxy in proxies)
                begin = time.perf_counter()
                change(number + 1)
                wait_for(lambda: len(hub.reached) == chosen.proxies, f"all proxies to hear of the {what}", 30, every=0.001)
                hub.settle(0.5)
                last.append(hub.last - begin - DEBOUNCE)
                cpu.append(cpu_seconds(pid) - used)
                sent.append((sum(proxy.bytes for proxy in proxies) - had) // chosen.proxies)
            rows.append({"what": f"one {what}", "CPU ms": round(percentile(cpu, 0.5) * 1e3, 1),
                         "last proxy after debounce ms": round(percentile(last, 0.5) * 1e3, 1),
                         "bytes": percentile(sent, 0.5), "RSS MB": round(world.plane.program.resident_bytes() / 1e6, 1)})
        return rows
    finally:
        for proxy in proxies:
            proxy.stop()
        for channel in channels:
            channel.close()
        world.stop()
