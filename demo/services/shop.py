#!/usr/bin/env python3
"""shop.mjs in Python, for machines without Node: shop.py PORT NAME."""
import collections
import http.server
import json
import sys

PORT, NAME = int(sys.argv[1]), sys.argv[2]
served = collections.Counter()
health = {"sick": False}


def answer(request):
    if request in ("POST /sick", "POST /well"):
        health["sick"] = request.endswith("sick")
        return 200, {}
    if request == "GET /flaky" and served["/flaky"] % 2:
        return 503, {"error": "not now", "service": NAME}
    return {
        "GET /items": (200, {"items": ["sail", "outrigger", "paddle"], "service": NAME, "language": "Python"}),
        "GET /flaky": (200, {"service": NAME}),
        "GET /health": (503 if health["sick"] else 200, {"service": NAME}),
        "GET /served": (200, served),
    }.get(request, (404, {"error": "no such page"}))


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def serve(self):
        served[self.path] += 1
        status, body = answer(f"{self.command} {self.path}")
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = serve

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    http.server.ThreadingHTTPServer(("127.0.0.1", PORT), Handler).serve_forever()
