"""The proxies that are compared: each makes its configuration from the same Plan.

A peer module has NAME, `missing()` (why it cannot run here, or ""), `unable(plan)` (why it cannot do this plan, or ""),
`command(plan, folder)` (writes the configuration and returns argv) and `version()`.
"""
import dataclasses
import pathlib
import re
import subprocess

IDLE_SECONDS = 600


@dataclasses.dataclass
class Tls:
    """Paths of PEM files. `both` is certificate and key in one file, as HAProxy wants them."""
    cert: str
    key: str
    both: str
    ca: str


@dataclasses.dataclass
class Plan:
    """What a proxy is asked to do, with one worker, TLS 1.3 only, and no access log unless it is a sidecar."""
    upstream: int                     # port
    listen: int
    http2: bool = False               # on both sides, in the clear
    routes: int = 0                   # prefixes /r/00000/ and on, all to the one upstream; 0: one route for all
    clusters: int = 1                 # further ones are never used
    server_tls: Tls | None = None     # towards the client
    client_ca: bool = False           # the client must show a certificate
    tickets: bool = True
    upstream_tls: Tls | None = None   # towards the upstream, with a client certificate
    sidecar: bool = False             # an access log in Istio's format, and RBAC by peer, path and method


def route_prefix(number):
    return f"/r/{number:05}/"


def first_line(*argv, pattern=r"\S.*"):
    """What a program says about its version."""
    run = subprocess.run([str(word) for word in argv], capture_output=True, text=True)
    found = re.search(pattern, run.stdout + run.stderr)
    return found.group(0).strip() if found else "unknown"


def write(path: pathlib.Path, text):
    path.write_text(text)
    return path
