#!/usr/bin/env python3
"""The backend of the examples: says who it is and what it received, as JSON.

    backend.py PORT NAME [--fail-every N]

`--fail-every 2` answers every second request with 503. POST /sick makes GET /health fail, POST /well heals it.
"""
import argparse
import http.server
import json


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    arguments = None
    count = 0
    sick = False

    def serve(self):
        cls = type(self)
        length = int(self.headers.get("content-length") or 0)
        body = self.rfile.read(length).decode()
        if self.path in ("/sick", "/well"):
            cls.sick = self.path == "/sick"
        if self.path == "/health":
            return self.answer(503 if cls.sick else 200, {"name": cls.arguments.name})
        cls.count += 1
        every = cls.arguments.fail_every
        failed = every and cls.count % every == 1 % every
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.answer(503 if failed else 200, {"name": cls.arguments.name, "method": self.command, "path": self.path,
                                             "count": cls.count, "body": body, "headers": headers})

    def answer(self, status, body):
        text = json.dumps(body).encode() + b"\n"
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_OPTIONS = serve

    def log_message(self, *_):
        pass


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("port", type=int)
    parser.add_argument("name")
    parser.add_argument("--fail-every", type=int, default=0)
    Handler.arguments = parser.parse_args()
    http.server.ThreadingHTTPServer(("127.0.0.1", Handler.arguments.port), Handler).serve_forever()


if __name__ == "__main__":
    main()
