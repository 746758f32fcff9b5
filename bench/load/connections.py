#!/usr/bin/env python3
"""A new connection for every request, over TLS 1.3 or in the clear; prints what was done as JSON.

    connections.py PORT [--ca FILE] [--resume] [--seconds N] [--threads N]
    connections.py PORT [--ca FILE] --hold N         keeps N connections open, one request each, until stdin ends

Measured is the server, so that this program may be slow; it only must be right: an answer other than 200, or a
session that was resumed when it should not be or the other way round, is told as trouble.
"""
import argparse
import json
import resource
import socket
import ssl
import sys
import threading
import time

REQUEST = b"GET / HTTP/1.1\r\nhost: localhost\r\n%s\r\n"


def tls_context(ca):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(ca)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    return context


def connect(port, context, session=None):
    plain = socket.create_connection(("127.0.0.1", port), 20)
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return context.wrap_socket(plain, server_hostname="localhost", session=session) if context else plain


def ask(connection, close):
    """One request; the whole answer is read, to its end if the server closes."""
    connection.sendall(REQUEST % (b"connection: close\r\n" if close else b""))
    answer = b""
    while b"\r\n\r\n" not in answer or close:
        try:
            more = connection.recv(16384)
        except ssl.SSLEOFError:
            more = b""
        if not more:
            break
        answer += more
    if not answer.startswith(b"HTTP/1.1 200"):
        raise ValueError(f"answer {answer[:60]!r}")


class Client(threading.Thread):
    def __init__(self, port, context, resume, end):
        super().__init__()
        self.port, self.context, self.resume, self.end = port, context, resume, end
        self.done, self.trouble = 0, ""

    def run(self):
        session = None
        try:
            while time.monotonic() < self.end:
                with connect(self.port, self.context, session) as connection:
                    ask(connection, close=True)
                    if self.context and connection.session_reused != (session is not None):
                        raise ValueError("resumed" if connection.session_reused else "not resumed")
                    if self.resume:
                        session = connection.session
                self.done += 1
        except (OSError, ValueError) as error:
            self.trouble = f"{type(error).__name__}: {error}"


def hold(port, context, count):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    held = []
    for _ in range(count):
        connection = connect(port, context)
        ask(connection, close=False)
        held.append(connection)
    print(json.dumps({"held": len(held)}), flush=True)
    sys.stdin.read()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("port", type=int)
    parser.add_argument("--ca")
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--hold", type=int)
    arguments = parser.parse_args()
    context = tls_context(arguments.ca) if arguments.ca else None
    if arguments.hold:
        return hold(arguments.port, context, arguments.hold)
    end = time.monotonic() + arguments.seconds
    clients = [Client(arguments.port, context, arguments.resume, end) for _ in range(arguments.threads)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    print(json.dumps({"done": sum(client.done for client in clients),
                      "trouble": next((client.trouble for client in clients if client.trouble), "")}))


if __name__ == "__main__":
    main()
