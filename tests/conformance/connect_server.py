"""The server that the Connect conformance runner starts: its reference server, with proa-proxy before it.

The runner writes a ServerCompatRequest to stdin and reads a ServerCompatResponse from stdout, each after its size in
four bytes (connectrpc/conformance/v1/server_compat.proto). The proxy takes over what the request says of TLS, and the
response names the proxy's port.
"""
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.support.binaries import go_tool, proa_proxy
from tests.support.protobuf_wire import decode, encode

# Field numbers of ServerCompatRequest, its TLSCreds, and ServerCompatResponse.
HTTP_VERSION, USE_TLS, CLIENT_CERT, SERVER_CREDS = 2, 4, 5, 7
CERT, KEY = 1, 2
HOST, PORT, PEM_CERT = 1, 2, 3
HTTP_1 = 1
MANAGER = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
ROUTER = "envoy.extensions.filters.http.router.v3.Router"
HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
TLS = "envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext"


def receive(stream) -> dict[int, int | bytes]:
    return decode(stream.read(int.from_bytes(stream.read(4), "big")))


def send(stream, fields: dict[int, int | bytes]) -> None:
    data = encode(fields)
    stream.write(len(data).to_bytes(4, "big") + data)
    stream.flush()


def config(asked: dict[int, int | bytes], server_port: int, folder: Path) -> dict:
    def address(port: int) -> dict:
        return {"socket_address": {"address": "127.0.0.1", "port_value": port}}

    def typed(name: str, **fields) -> dict:
        return {"@type": f"type.googleapis.com/{name}", **fields}

    http1 = asked.get(HTTP_VERSION) == HTTP_1
    chain = {"filters": [{"name": "http", "typed_config": typed(
        MANAGER, stat_prefix="connect",
        route_config={"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [
            {"match": {"prefix": "/"}, "route": {"cluster": "server", "timeout": "0s"}}]}]},
        http_filters=[{"name": "router", "typed_config": typed(ROUTER)}])}]}
    if asked.get(USE_TLS):
        creds = decode(asked[SERVER_CREDS])
        (folder / "cert.pem").write_bytes(creds[CERT])
        (folder / "key.pem").write_bytes(creds[KEY])
        common = {"alpn_protocols": ["http/1.1" if http1 else "h2"], "tls_certificates": [{
            "certificate_chain": {"filename": f"{folder}/cert.pem"}, "private_key": {"filename": f"{folder}/key.pem"}}]}
        if CLIENT_CERT in asked:
            (folder / "client.pem").write_bytes(asked[CLIENT_CERT])
            common["validation_context"] = {"trusted_ca": {"filename": f"{folder}/client.pem"}}
        chain["transport_socket"] = {"name": "tls", "typed_config": typed(
            TLS, common_tls_context=common, require_client_certificate=CLIENT_CERT in asked)}
    cluster = {"name": "server", "load_assignment": {"cluster_name": "server", "endpoints": [
        {"lb_endpoints": [{"endpoint": {"address": address(server_port)}}]}]},
        "typed_extension_protocol_options": {HTTP_OPTIONS: typed(HTTP_OPTIONS, explicit_http_config={
            "http_protocol_options" if http1 else "http2_protocol_options": {}})}}
    return {"static_resources": {"listeners": [{"name": "in", "address": address(0), "filter_chains": [chain]}],
                                 "clusters": [cluster]}}


def main() -> None:
    asked = receive(sys.stdin.buffer)
    server = subprocess.Popen([go_tool("referenceserver"), "-port", "0", "-bind", "127.0.0.1"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE)
    send(server.stdin, {number: value for number, value in asked.items()
                        if number not in (USE_TLS, CLIENT_CERT, SERVER_CREDS)})
    began = receive(server.stdout)
    with tempfile.TemporaryDirectory(prefix="proa-connect-") as folder:
        path = Path(folder) / "proxy.json"
        path.write_text(json.dumps(config(asked, began[PORT], Path(folder))))
        proxy = subprocess.Popen([proa_proxy(), "-c", path, "--concurrency", "1"], stderr=subprocess.PIPE, text=True)
        signal.signal(signal.SIGTERM, lambda *_: proxy.kill())
        try:
            for line in proxy.stderr:
                if found := re.search(r"listener in on \S+:(\d+)", line):
                    answer = {HOST: b"127.0.0.1", PORT: int(found[1])}
                    if asked.get(USE_TLS):
                        answer[PEM_CERT] = decode(asked[SERVER_CREDS])[CERT]
                    send(sys.stdout.buffer, answer)
                else:
                    sys.stderr.write(line)
        finally:
            for program in (proxy, server):
                program.kill()
                program.wait()


if __name__ == "__main__":
    os.setpgid(0, 0)
    main()
