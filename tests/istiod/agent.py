"""What runs beside a proxy in Istio: it hands out the control plane's resources and the workload's certificates on Unix
sockets, and starts the proxy with a bootstrap like this one."""
from pathlib import Path

from tests.istiod.capture import TYPES, Capture, replace_texts
from tests.support.certs import Authority
from tests.support.proxy import Proxy
from tests.xds import api
from tests.xds.control_plane import ControlPlane

HTTP2 = {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
    "@type": api.PREFIX + "envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
    "explicit_http_config": {"http2_protocol_options": {}}}}
ADS = {"ads": {}, "initial_fetch_timeout": "0s", "resource_api_version": "V3"}


class Identity:
    """A workload's certificate, key and roots, as the agent gets them from the mesh's authority."""

    def __init__(self, authority: Authority, account: str, namespace: str = "shop"):
        self.uri = f"spiffe://cluster.local/ns/{namespace}/sa/{account}"
        self.certificate, self.key = authority.issue(account, uris=[self.uri])
        self.roots = authority.path

    def secrets(self) -> list[dict]:
        return [pair("default", self.certificate, self.key), roots("ROOTCA", self.roots)]


def pair(name: str, certificate: str, key: str) -> dict:
    return {"name": name, "tls_certificate": {"certificate_chain": {"inline_string": Path(certificate).read_text()},
                                              "private_key": {"inline_string": Path(key).read_text()}}}


def roots(name: str, path: str) -> dict:
    return {"name": name, "validation_context": {"trusted_ca": {"inline_string": Path(path).read_text()}}}


def pipe(name: str, path: Path) -> dict:
    return {"name": name, "type": "STATIC", "connect_timeout": "1s", "typed_extension_protocol_options": HTTP2,
            "load_assignment": {"cluster_name": name, "endpoints": [
                {"lb_endpoints": [{"endpoint": {"address": {"pipe": {"path": str(path)}}}}]}]}}


class Agent:
    """Serves `capture` and runs the proxy. `changes`: texts to replace in what is served."""

    def __init__(self, directory: Path, capture: Capture, identity: Identity, api_type: str,
                 changes: dict[str, str] | None = None, secrets: list[dict] = ()):
        self.directory, self.capture, self.api_type = directory, capture, api_type
        directory.mkdir(parents=True, exist_ok=True)
        self.control = ControlPlane(f"unix:{directory / 'XDS'}").start()
        self.sds = ControlPlane(f"unix:{directory / 'SDS'}").start()
        self.sds.set(api.SECRET, *identity.secrets(), *secrets)
        self.versions = {}
        for type_url in TYPES:
            resources = list(capture.of(type_url).values())
            self.versions[type_url] = self.control.set(type_url, *replace_texts(resources, changes or {}))
        self.proxy: Proxy | None = None

    def start(self, wait: bool = True, flags: tuple[str, ...] = ()) -> Proxy:
        self.proxy = Proxy(self.bootstrap(), self.directory, concurrency=2, wait=wait, flags=flags)
        return self.proxy

    def bootstrap(self) -> dict:
        return {
            "node": self.capture.node,
            "static_resources": {"clusters": [pipe("xds-grpc", self.directory / "XDS"),
                                              pipe("sds-grpc", self.directory / "SDS")]},
            "dynamic_resources": {
                "ads_config": {"api_type": self.api_type, "transport_api_version": "V3",
                               "set_node_on_first_message_only": True,
                               "grpc_services": [{"envoy_grpc": {"cluster_name": "xds-grpc"}}]},
                "cds_config": ADS, "lds_config": ADS}}

    def refusals(self) -> list[str]:
        """What the proxy did not accept, in its own words."""
        return [f"{answer.type_url.rsplit('.', 1)[-1]}: {answer.error}"
                for answer in list(self.control.answers) + list(self.sds.answers) if answer.error]

    def stop(self) -> None:
        if self.proxy:
            self.proxy.stop()
        self.control.stop()
        self.sds.stop()
