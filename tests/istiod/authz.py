"""The authorization service of the world, in both of its forms: it refuses what says "x-ext-authz: deny"."""
from concurrent.futures import ThreadPoolExecutor

import grpc

from tests.support.origin import Origin
from tests.support.reply import Received, Reply
from tests.xds import api

SERVICE = "envoy.service.auth.v3.Authorization"


class HttpAuthz(Origin):
    def __init__(self):
        super().__init__("authz", host="127.0.4.3", port=8000)
        self.script = self.judge

    def judge(self, request: Received) -> Reply:
        if request.header("x-ext-authz") == ["allow"]:
            return Reply(200, headers=[("x-auth-user", "jane"), ("x-secret", "kept")])
        return Reply(403, headers=[("x-why", "no")], body=b"denied by authz")


class GrpcAuthz:
    def __init__(self):
        self.requests: list = []
        self.allow_connections = True
        self._server = grpc.server(ThreadPoolExecutor(4))
        self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, {
            "Check": grpc.unary_unary_rpc_method_handler(self._check)}),))
        self._server.add_insecure_port("127.0.4.3:9000")
        self._server.start()

    def _check(self, data: bytes, _context) -> bytes:
        request = api.message_class("envoy.service.auth.v3.CheckRequest").FromString(data)
        self.requests.append(request)
        response = api.new("envoy.service.auth.v3.CheckResponse")
        http = request.attributes.request.http
        allowed = http.headers.get("x-ext-authz") == "allow" if http.method else self.allow_connections
        if allowed:
            option = response.ok_response.headers.add()
            option.header.key, option.header.value = "x-auth-user", "jane"
        else:
            response.status.code = 7
            response.denied_response.status.code = 401
            response.denied_response.body = "denied by authz"
        return response.SerializeToString()

    def stop(self) -> None:
        self._server.stop(None).wait()
