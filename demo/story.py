"""What the demo shows. Each chapter sends real traffic, says what it saw, and fails if that is not what it tells."""
import collections
import http.client
import json
import socket
import ssl
import sys
import time
import urllib.request

import grpc

CALLS = 300
FLAKY = 20


class Story:
    def __init__(self, world):
        self.world = world
        sys.path.insert(0, str(world.folder))
        import greeter_pb2
        import greeter_pb2_grpc
        self.messages, self.stubs = greeter_pb2, greeter_pb2_grpc
        self.clear = f"127.0.0.1:{world.ports['clear']}"

    def chapters(self):
        return (self.split, self.stream, self.json, self.retries, self.health, self.tls, self.tcp, self.log, self.admin)

    # ---- gRPC

    def split(self):
        """A gRPC service in two languages, nine calls of ten to the first"""
        seen = collections.Counter()
        with grpc.insecure_channel(self.clear) as channel:
            greeter = self.stubs.GreeterStub(channel)
            for number in range(CALLS):
                reply = greeter.Greet(self.messages.GreetRequest(name=f"caller {number}"), timeout=5)
                assert reply.text == f"Hello, caller {number}!", reply
                seen[reply.language] += 1
        first, second = self.world.languages
        assert set(seen) == {first, second} and CALLS * 0.02 < seen[second] < CALLS * 0.25, seen
        return f"{CALLS} calls, all answered: " + ", ".join(f"{seen[name]} by {name}" for name in (first, second))

    def stream(self):
        """A stream of messages"""
        with grpc.insecure_channel(self.clear) as channel:
            replies = self.stubs.GreeterStub(channel).Count(self.messages.CountRequest(to=5), timeout=5)
            numbers = [reply.number for reply in replies]
        assert numbers == [1, 2, 3, 4, 5], numbers
        return f"the service counted: {numbers}"

    # ---- HTTP

    def get(self, path, scheme="http"):
        """Status and JSON of a request through the gateway."""
        connection = http.client.HTTPConnection(self.clear, timeout=10)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            body = response.read()
            return response.status, json.loads(body) if body.startswith(b"{") else body.decode()
        finally:
            connection.close()

    def ask_shop(self, name, path, method="GET"):
        """Straight to one instance, not through the gateway."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.world.ports[name]}{path}", method=method)
        with urllib.request.urlopen(request, timeout=5) as response:
            return json.load(response)

    def json(self):
        """HTTP and JSON, from two instances in turn"""
        answers = [self.get("/shop/items") for _ in range(10)]
        assert all(status == 200 for status, _ in answers), answers
        seen = collections.Counter(body["service"] for _, body in answers)
        assert seen == {"shop_1": 5, "shop_2": 5}, seen
        assert answers[0][1]["language"] == self.world.shop_language
        return f"10 requests, answered in {self.world.shop_language} by {dict(seen)}: {answers[0][1]['items']}"

    def retries(self):
        """A service that fails every other time, and clients that do not see it"""
        statuses = collections.Counter(self.get("/shop/flaky")[0] for _ in range(FLAKY))
        asked = sum(self.ask_shop(name, "/served").get("/flaky", 0) for name in ("shop_1", "shop_2"))
        assert statuses == {200: FLAKY} and asked > FLAKY, (statuses, asked)
        return f"{FLAKY} requests, {statuses[200]} answered with 200; the service was asked {asked} times " \
               f"and failed {asked - FLAKY} of them"

    def health(self):
        """An instance falls sick"""
        self.ask_shop("shop_1", "/sick", "POST")
        until_left = self._wait_for({"shop_2"})
        answers = [self.get("/shop/items") for _ in range(30)]
        self.ask_shop("shop_1", "/well", "POST")
        until_back = self._wait_for({"shop_1", "shop_2"})
        assert all(status == 200 and body["service"] == "shop_2" for status, body in answers), answers
        return f"its health check failed and after {until_left:.1f} s it got no more requests; 30 of 30 were " \
               f"answered by the other; it was back {until_back:.1f} s after it was well"

    def _wait_for(self, services):
        """Seconds until exactly these answer; no request may fail meanwhile."""
        start = time.monotonic()
        while time.monotonic() < start + 10:
            answers = [self.get("/shop/items") for _ in range(6)]
            assert all(status == 200 for status, _ in answers), answers
            if {body["service"] for _, body in answers} == services:
                return time.monotonic() - start
            time.sleep(0.05)
        raise AssertionError(f"requests never went to {services} alone")

    # ---- below HTTP

    def tls(self):
        """The same over TLS"""
        pem = self.world.certificate.read_bytes()
        context = ssl.create_default_context(cafile=str(self.world.certificate))
        context.set_alpn_protocols(["h2", "http/1.1"])
        with socket.create_connection(("127.0.0.1", self.world.ports["secure"]), 5) as plain:
            with context.wrap_socket(plain, server_hostname="localhost") as secure:
                version, chosen = secure.version(), secure.selected_alpn_protocol()
        target = f"localhost:{self.world.ports['secure']}"
        with grpc.secure_channel(target, grpc.ssl_channel_credentials(pem)) as channel:
            reply = self.stubs.GreeterStub(channel).Greet(self.messages.GreetRequest(name="you"), timeout=5)
        assert (version, chosen, reply.text) == ("TLSv1.3", "h2", "Hello, you!"), (version, chosen, reply)
        return f"{version}, {chosen} by ALPN, certificate verified; a gRPC call over it: {reply.text}"

    def tcp(self):
        """A TCP route, for what is no HTTP"""
        with socket.create_connection(("127.0.0.1", self.world.ports["tcp"]), 5) as connection:
            connection.sendall(b"ahoy\n")
            answer = connection.makefile("rb").readline()
        assert answer == b"AHOY\n", answer
        return "sent 'ahoy', got back 'AHOY'"

    # ---- what the gateway says

    def log(self):
        """The access log"""
        deadline = time.monotonic() + 5
        while True:  # lines are written in batches
            lines = self.world.access_log.read_text().splitlines() if self.world.access_log.exists() else []
            entries = [json.loads(line) for line in lines]
            greets = [entry for entry in entries if entry["path"] == "/demo.Greeter/Greet"]
            if len(greets) > CALLS or time.monotonic() > deadline:
                break
            time.sleep(0.1)
        assert len(greets) == CALLS + 1, len(greets)
        retried = [entry for entry in entries if entry["path"] == "/shop/flaky" and entry["attempts"] > 1]
        assert retried, "no retry in the log"
        return f"{len(entries)} lines of JSON in {self.world.access_log}, such as\n      {json.dumps(retried[-1])}"

    def admin(self):
        """What operators ask"""
        base = f"http://127.0.0.1:{self.world.ports['admin']}"
        with urllib.request.urlopen(f"{base}/stats?filter=upstream_rq_total", timeout=5) as response:
            pairs = (line.split(": ") for line in response.read().decode().splitlines())
        totals = {name.split(".")[1]: int(value) for name, value in pairs}
        assert totals["greeter_a"] + totals["greeter_b"] >= CALLS and totals["shop"] > FLAKY, totals
        return f"requests by cluster at {base}/stats: {totals}"
