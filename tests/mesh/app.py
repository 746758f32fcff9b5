"""A workload: an HTTP server that says who it is and what it was asked.

    app.py NAME PORT [EXIT_CODE [ADDRESS]]

SIGTERM ends it with EXIT_CODE; SIGUSR1 is written to its output; GET /exit/N ends it with N, /slow/N answers after N seconds,
/status/N with that status.
"""
import json
import os
import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

NAME, PORT = sys.argv[1], int(sys.argv[2])
CODE = int(sys.argv[3]) if len(sys.argv) > 3 else 0


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = json.dumps({"name": NAME, "pid": os.getpid(), "path": self.path,
                           "headers": {name.lower(): value for name, value in self.headers.items()}}).encode()
        if self.path == "/metrics":
            body = b"# TYPE app_up gauge\napp_up 1\n"
        if self.path.startswith("/slow/"):
            time.sleep(float(self.path.rsplit("/", 1)[1]))
        self.send_response(int(self.path.rsplit("/", 1)[1]) if self.path.startswith("/status/") else 200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        if self.path.startswith("/exit/"):
            self.wfile.flush()
            os._exit(int(self.path.rsplit("/", 1)[1]))

    def log_message(self, *_: object) -> None:
        pass


def say(text: str) -> None:
    print(f"app {NAME}: {text}", flush=True)


def on_term(*_: object) -> None:
    say("SIGTERM")
    threading.Thread(target=lambda: (server.shutdown(), os._exit(CODE))).start()


server = ThreadingHTTPServer((sys.argv[4] if len(sys.argv) > 4 else "127.0.0.1", PORT), Handler)
signal.signal(signal.SIGTERM, on_term)
signal.signal(signal.SIGUSR1, lambda *_: say("SIGUSR1"))
say(f"serving as {os.getpid()}")
server.serve_forever()
