"""A proxy whose listeners, routes, clusters, endpoints and secrets come from a control plane."""
from pathlib import Path

from tests.support.client import Dial, Response
from tests.support.client_h1 import Http1Client
from tests.support.deadline import wait_for
from tests.support.origin import Origin
from tests.support.ports import Reservation
from tests.support.proxy import Proxy
from tests.xds import api
from tests.xds.control_plane import ControlPlane

ADS_SOURCE = {"ads": {}, "resource_api_version": "V3", "initial_fetch_timeout": "0s"}
HTTP2 = {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
    "@type": api.PREFIX + "envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
    "explicit_http_config": {"http2_protocol_options": {}}}}
MANAGER = api.PREFIX + "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
ROUTER = api.PREFIX + "envoy.extensions.filters.http.router.v3.Router"


def socket_address(port: int) -> dict:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


def assignment(name: str, *ports: int) -> dict:
    return {"cluster_name": name, "endpoints": [
        {"lb_endpoints": [{"endpoint": {"address": socket_address(port)}} for port in ports]}] if ports else []}


def bootstrap(control_plane: ControlPlane, api_type: str) -> dict:
    return {
        "node": {"id": "test-node", "cluster": "test-cluster", "metadata": {"ROLE": "gateway"}},
        "static_resources": {"clusters": [{
            "name": "control", "connect_timeout": "1s", "typed_extension_protocol_options": HTTP2,
            "load_assignment": assignment("control", control_plane.port)}]},
        "dynamic_resources": {
            "ads_config": {"api_type": api_type, "transport_api_version": "V3", "set_node_on_first_message_only": True,
                           "grpc_services": [{"envoy_grpc": {"cluster_name": "control"}}]},
            "cds_config": ADS_SOURCE, "lds_config": ADS_SOURCE}}


def cluster(name: str, **more: object) -> dict:
    return {"name": name, "type": "EDS", "connect_timeout": "1s",
            "eds_cluster_config": {"eds_config": ADS_SOURCE}, **more}


def routes(name: str, target: str, **more: object) -> dict:
    return {"name": name, "virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [
        {"match": {"prefix": "/"}, "route": {"cluster": target}}]}], **more}


def manager(**more: object) -> dict:
    return {"name": "http", "typed_config": {
        "@type": MANAGER, **{"stat_prefix": "main", **more},
        "http_filters": [{"name": "router", "typed_config": {"@type": ROUTER}}]}}


def listener(name: str, port: int, route_name: str, **chain: object) -> dict:
    rds = {"config_source": ADS_SOURCE, "route_config_name": route_name}
    return {"name": name, "address": socket_address(port), "filter_chains": [{"filters": [manager(rds=rds)], **chain}]}


class World:
    """A control plane, three origins, and a proxy that is started when there is something to serve."""

    def __init__(self, directory: Path, kind: str, api_type: str):
        self.directory, self.kind, self.api_type = directory, kind, api_type
        self.control = ControlPlane().start()
        self.origins = {name: Origin(name) for name in "abc"}
        self.ports = {name: Reservation() for name in ("main", "second")}
        self.proxy: Proxy | None = None

    def serve_one(self) -> None:
        """The smallest world: listener "main", routes "r", cluster "a" with one endpoint."""
        self.control.set(api.CLUSTER, cluster("a"))
        self.control.set(api.ENDPOINTS, assignment("a", self.origins["a"].port))
        self.control.set(api.LISTENER, listener("main", self.ports["main"].port, "r"))
        self.control.set(api.ROUTES, routes("r", "a"))

    def start(self, wait: bool = True, flags: tuple[str, ...] = ()) -> Proxy:
        self.proxy = Proxy(bootstrap(self.control, self.api_type), self.directory, self.kind, flags, concurrency=2,
                           wait=wait)
        return self.proxy

    def dial(self, name: str = "main", **more: object) -> Dial:
        return Dial(self.ports[name].port, **more)

    def get(self, path: str = "/", name: str = "main") -> Response:
        with Http1Client(self.dial(name)) as client:
            return client.request("GET", path, [("host", "test")])

    def answered_by(self, name: str = "main") -> str:
        """The origin that answered, or the status of what the proxy said itself; empty: nobody listens. Connections that
        wait for a listener while it goes are reset by the kernel."""
        try:
            answer = self.get(name=name)
        except (ConnectionRefusedError, ConnectionResetError):
            return ""
        return answer.body.decode() if answer.status == 200 else str(answer.status)

    def wait_answered_by(self, who: str, name: str = "main") -> None:
        wait_for(lambda: self.answered_by(name) == who, f"an answer of {who or 'nobody'}")

    def stop(self) -> None:
        if self.proxy:
            self.proxy.stop()
        self.control.stop()
        for origin in self.origins.values():
            origin.stop()
        for port in self.ports.values():
            port.release()
