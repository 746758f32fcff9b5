#!/usr/bin/env python3
"""Talks through the proxy and checks what comes back: client.py PORT."""
import sys

from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

base = f"ws://127.0.0.1:{sys.argv[1]}"
with connect(base + "/") as connection:
    connection.send("ahoy")
    assert connection.recv(timeout=5) == "ahoy"
    print("ok: a text message came back")
    large = bytes(range(256)) * 2000
    connection.send(large)
    assert connection.recv(timeout=5) == large
    print(f"ok: {len(large):,} bytes came back")
try:
    connect(base + "/plain").close()
    raise AssertionError("the upgrade was let through")
except InvalidStatus as error:
    assert error.response.status_code == 403, error.response
    print(f"ok: where upgrades are forbidden: {error.response.status_code}")
