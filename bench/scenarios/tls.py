"""TLS: what a handshake costs, and a hop between two proxies with and without mutual TLS."""
import contextlib
import dataclasses

import loads
from meter import measure, median, median_ratio, run_blocks
from scenarios import Table

HANDSHAKE_PEERS = ("proa", "haproxy", "nginx", "envoy")
PAIR_PEERS = ("proa", "haproxy", "envoy")


def tls_full(bench):
    return _handshakes(bench, Table("TLS 1.3 full handshake, ECDSA P-256", "CPU us/connection"), resume=False)


def tls_resumed(bench):
    return _handshakes(bench, Table("TLS 1.3 handshake resumed by ticket", "CPU us/connection"), resume=True)


def _handshakes(bench, table, resume):
    """A connection with one request, over TLS and in the clear; the difference is the handshake."""
    table.note = "A connection with one request and its end; the handshake is what TLS adds to it."
    with contextlib.ExitStack() as stack:
        upstream = stack.enter_context(bench.upstream())
        lanes = {}
        for peer in bench.able(bench.plan(upstream, server_tls=bench.tls), table, HANDSHAKE_PEERS):
            for kind, fields in {"clear": {}, "tls": {"server_tls": bench.tls, "tickets": resume}}.items():
                plan = bench.plan(upstream, **fields)
                program = bench.started(stack, peer, plan, table, f"{peer.NAME}, {kind}")
                if program:
                    ca, reuse = (bench.tls.ca, resume) if kind == "tls" else (None, False)
                    lanes[(peer.NAME, kind)] = _connections(program, plan.listen, bench.seconds, ca, reuse)
        table.commands["load"] = " ".join(
            str(w) for w in loads.connections_command("PORT", bench.seconds, "CA", resume)[1:])
        bench.warm(lanes.values())
        taken = run_blocks(lanes, bench.blocks, bench.say)
    for name in dict.fromkeys(name for name, _ in taken):
        clear, tls = (median(taken.get((name, kind), []), "proxy") for kind in ("clear", "tls"))
        row = {"peer": name, "clear": clear, "TLS": tls, "handshake": tls - clear if clear and tls else None}
        if ("proa", "tls") in taken and ("haproxy", "tls") in taken and (name, "tls") in taken:
            row["TLS x proa"] = median_ratio(taken[(name, "tls")], taken[("proa", "tls")], "proxy")
        table.rows.append(row)
    _keep(table, taken)
    return table


def _connections(program, port, seconds, ca, resume):
    return lambda: measure({"proxy": program}, lambda: loads.connections(port, seconds, ca, resume))


def mtls_pair(bench):
    """client -> A -> B -> upstream, HTTP/1.1 keep-alive; between A and B in the clear or with mutual TLS."""
    table = Table("A hop between two proxies, HTTP/1.1 keep-alive, 32 connections", "CPU us/request on each side")
    with contextlib.ExitStack() as stack:
        upstream = stack.enter_context(bench.upstream())
        lanes = {}
        for peer in bench.able(bench.plan(upstream, server_tls=bench.tls, upstream_tls=bench.tls), table, PAIR_PEERS):
            for kind in ("clear", "mtls"):
                tls = bench.tls if kind == "mtls" else None
                b_plan = bench.plan(upstream, server_tls=tls, client_ca=bool(tls))
                a_plan = bench.plan(b_plan.listen, upstream_tls=tls)
                b = bench.started(stack, peer, b_plan, table, f"{peer.NAME}, {kind}, server side")
                a = b and bench.started(stack, peer, a_plan, table, f"{peer.NAME}, {kind}, client side")
                if a:
                    lanes[(peer.NAME, kind)] = _pair(a, b, a_plan.listen, bench.seconds)
        table.commands["load"] = " ".join(str(w) for w in loads.wrk_command("PORT", bench.seconds))
        bench.warm(lanes.values())
        taken = run_blocks(lanes, bench.blocks, bench.say)
    _pair_rows(table, taken)
    return table


def _pair_rows(table, taken):
    for lane, blocks in taken.items():
        row = {"peer": " ".join(lane)}
        for side in ("client side", "server side"):
            row[side] = median(blocks, side)
            if ("proa", lane[1]) in taken:
                row[f"{side} x proa"] = median_ratio(blocks, taken[("proa", lane[1])], side)
        table.rows.append(row)
    _keep(table, taken)


def sidecar_pair(bench):
    """client -> A -> B -> upstream by mutual TLS. Proa and Envoy are sidecars: log, RBAC and statistics; HAProxy has neither."""
    table = Table("Two sidecars with access log, RBAC and statistics (HAProxy: without), mutual TLS between them",
                  "CPU us/request on each side")
    loaders = {"HTTP/1.1": (False, loads.wrk), "HTTP/2": (True, loads.h2load)}
    with contextlib.ExitStack() as stack:
        lanes = {}
        for protocol, (http2, load) in loaders.items():
            upstream = stack.enter_context(bench.upstream(http2))
            for peer in bench.able(bench.plan(upstream, server_tls=bench.tls, upstream_tls=bench.tls), table, PAIR_PEERS):
                fields = {"http2": http2, "sidecar": peer.NAME != "haproxy"}
                b_plan = bench.plan(upstream, server_tls=bench.tls, client_ca=True, **fields)
                a_plan = bench.plan(b_plan.listen, upstream_tls=bench.tls, **fields)
                b = bench.started(stack, peer, b_plan, table, f"{peer.NAME}, {protocol}, server side")
                a = b and bench.started(stack, peer, a_plan, table, f"{peer.NAME}, {protocol}, client side")
                if a:
                    lanes[(peer.NAME, protocol)] = _pair(a, b, a_plan.listen, bench.seconds, load)
        bench.warm(lanes.values())
        taken = run_blocks(lanes, bench.blocks, bench.say)
    _pair_rows(table, taken)
    return table


def _pair(a, b, port, seconds, load=loads.wrk):
    return lambda: measure({"client side": a, "server side": b}, lambda: load(port, seconds))


def _keep(table, taken):
    table.samples.update({" ".join(name): [[dataclasses.asdict(s) for s in block] for block in blocks]
                          for name, blocks in taken.items()})
