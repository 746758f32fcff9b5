"""CPU per request: HTTP/1.1 keep-alive, HTTP/2 to HTTP/2, and what many routes cost."""
import contextlib

import loads
from meter import measure, median, run_blocks
from peers import route_prefix
from scenarios import Table, rows_with_ratios


def _compare(bench, table, http2, load, command):
    with contextlib.ExitStack() as stack:
        upstream = stack.enter_context(bench.upstream(http2))
        lanes = {}
        for peer in bench.able(bench.plan(upstream, http2=http2), table):
            plan = bench.plan(upstream, http2=http2)
            program = bench.started(stack, peer, plan, table)
            if program:
                lanes[(peer.NAME,)] = _lane({"proxy": program}, load, plan.listen, bench.seconds)
        table.commands["load"] = " ".join(str(word) for word in command("PORT", bench.seconds))
        bench.warm(lanes.values())
        rows_with_ratios(table, run_blocks(lanes, bench.blocks, bench.say))
    return table


def _lane(programs, load, *arguments):
    return lambda: measure(programs, lambda: load(*arguments))


def h1_keepalive(bench):
    table = Table("HTTP/1.1 keep-alive, 32 connections, 150-byte replies", "CPU us/request")
    return _compare(bench, table, False, loads.wrk, loads.wrk_command)


def h2_to_h2(bench):
    table = Table("HTTP/2 to HTTP/2 in the clear, 32 connections x 10 streams, 150-byte replies", "CPU us/request")
    return _compare(bench, table, True, loads.h2load, loads.h2load_command)


def routes(bench):
    """The same request to the first and to the last of many prefix routes."""
    count = 1000 if bench.quick else 10_000
    table = Table(f"{count:,} prefix routes: a request for the first and for the last", "CPU us/request")
    paths = {"first": route_prefix(0) + "x", "last": route_prefix(count - 1) + "x"}
    with contextlib.ExitStack() as stack:
        upstream = stack.enter_context(bench.upstream())
        lanes = {}
        for peer in bench.able(bench.plan(upstream, routes=count), table):
            plan = bench.plan(upstream, routes=count)
            program = bench.started(stack, peer, plan, table)
            for which, path in paths.items() if program else ():
                lanes[(peer.NAME, which)] = _lane({"proxy": program}, loads.wrk, plan.listen, bench.seconds, path)
        table.commands["load"] = " ".join(str(w) for w in loads.wrk_command("PORT", bench.seconds, paths["last"]))
        bench.warm(lanes.values())
        taken = run_blocks(lanes, bench.blocks, bench.say)
    rows_with_ratios(table, taken)
    for row in table.rows:
        name, which = row["peer"].split()
        first = median(taken[(name, "first")], "proxy")
        row["x its first"] = row[table.unit] / first if which == "last" and first and row[table.unit] else None
    return table
