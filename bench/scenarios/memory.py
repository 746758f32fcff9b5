"""Memory: at rest, for each cluster, for each idle connection. Resident bytes of all processes of a peer."""
import contextlib
import json
import subprocess
import sys
import time

import loads
from programs import LOAD_CORE
from scenarios import Table

SETTLE_SECONDS = 1.0


def _settled(program):
    time.sleep(SETTLE_SECONDS)
    return program.memory()


def memory(bench):
    few, many = (200, 600) if bench.quick else (1000, 5000)
    clusters = 1000 if bench.quick else 10_000
    table = Table("Memory", "bytes", note=f"Clusters: {clusters:,} against 1. Connections: the slope between {few:,} "
                  f"and {many:,} idle connections that have made one request each; TLS 1.3.")
    with bench.upstream() as upstream:
        for peer in bench.able(bench.plan(upstream), table):
            if peer.NAME == "floor":
                table.left_out[peer.NAME] = "no connection of its own is idle: it is a relay"
                continue
            table.rows.append(_row(bench, table, peer, upstream, few, many, clusters))
            bench.say("  " + ", ".join(f"{key} {value}" for key, value in table.rows[-1].items()))
    return table


def _row(bench, table, peer, upstream, few, many, clusters):
    row = dict.fromkeys(("peer", "at rest", "each cluster", "each connection", "each TLS connection"))
    row["peer"] = peer.NAME
    with contextlib.ExitStack() as stack:
        plan = bench.plan(upstream)
        program = bench.started(stack, peer, plan, table)
        if not program:
            return row
        row["at rest"] = _settled(program)
        row["each connection"] = _slope(program, plan.listen, few, many, None)
    plan = bench.plan(upstream, clusters=clusters)
    if not peer.unable(plan):
        with contextlib.ExitStack() as stack:
            if program := bench.started(stack, peer, plan, table, f"{peer.NAME}, clusters"):
                row["each cluster"] = round((_settled(program) - row["at rest"]) / (clusters - 1))
                row["start, CPU s"] = round(program.cpu_ns() / 1e9, 2)
    plan = bench.plan(upstream, server_tls=bench.tls)
    if not peer.unable(plan):
        with contextlib.ExitStack() as stack:
            if program := bench.started(stack, peer, plan, table, f"{peer.NAME}, TLS"):
                row["each TLS connection"] = _slope(program, plan.listen, few, many, bench.tls.ca)
    return row


def _slope(program, port, few, many, ca):
    """More bytes for more connections. The first ones pay for pools and pages, and are not counted."""
    with _held(port, few, ca):
        low = _settled(program)
        with _held(port, many - few, ca):
            high = _settled(program)
    return round((high - low) / (many - few))


@contextlib.contextmanager
def _held(port, count, ca):
    argv = [sys.executable, loads.HERE / "load/connections.py", port, "--hold", count, *(["--ca", ca] if ca else [])]
    client = subprocess.Popen(["taskset", "-c", str(LOAD_CORE), *(str(word) for word in argv)], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True)
    try:
        line = client.stdout.readline()
        if not line or json.loads(line)["held"] != count:
            raise RuntimeError(f"could not hold {count} connections on {port}")
        yield
    finally:
        client.stdin.close()
        client.wait()
