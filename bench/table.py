#!/usr/bin/env python3
"""Puts the newest figures of bench/results/ into README.md, between its two marks; --check only compares.

No figure in README.md is written by hand: without results the place says how to get them.
"""
import json
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
README = HERE.parent / "README.md"
BEGIN, END = "<!-- figures: bench/table.py -->", "<!-- end of figures -->"
NOT_YET = "Not measured yet on a quiet machine: `make bench` does it, beside HAProxy, nginx, nghttpx and Envoy."
PEERS = ("floor", "proa", "haproxy", "nginx", "nghttpx", "envoy")

# Line of the table, scenario, row ("{}" is the peer), column.
LINES = (
    ("HTTP/1.1 keep-alive, CPU us/request", "h1_keepalive", "{}", "CPU us/request"),
    ("HTTP/2 to HTTP/2, CPU us/request", "h2_to_h2", "{}", "CPU us/request"),
    ("last of 10,000 routes, CPU us/request", "routes", "{} last", "CPU us/request"),
    ("mTLS hop, client side, CPU us/request", "mtls_pair", "{} mtls", "client side"),
    ("connection with a TLS 1.3 full handshake, CPU us", "tls_full", "{}", "TLS"),
    ("connection with a resumed handshake, CPU us", "tls_resumed", "{}", "TLS"),
    ("memory at rest, bytes", "memory", "{}", "at rest"),
    ("memory for each of 10,000 clusters, bytes", "memory", "{}", "each cluster"),
    ("memory of an idle connection, bytes", "memory", "{}", "each connection"),
    ("memory of an idle TLS connection, bytes", "memory", "{}", "each TLS connection"),
)


def cell(value):
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, int) else f"{value:.1f}"


def table(result, name):
    present = [peer for peer in PEERS if peer in result["versions"]]
    out = ["| | " + " | ".join(present) + " |", "| --- |" + " --- |" * len(present)]
    for title, scenario, row, column in LINES:
        rows = {r["peer"]: r for r in result["scenarios"].get(scenario, {"rows": []})["rows"]}
        values = [rows.get(row.format(peer), {}).get(column) for peer in present]
        if any(value is not None for value in values):
            out.append(f"| {title} | " + " | ".join(cell(value) for value in values) + " |")
    machine = result["machine"]
    out += ["", f"{result['when']}, {machine['cores']} cores of {machine['cpu']}, Linux {machine['kernel']}, one worker "
            f"each; `floor` is a relay of bytes that knows no protocol. {'; '.join(result['versions'].values())}. "
            f"Ratios, settings and commands: [bench/results/{name}.md](bench/results/{name}.md)."]
    if result["others_share"] > 0.05:
        out.append(f"The machine was not quiet: {result['others_share']:.0%} of the proxy's core went to other work.")
    return "\n".join(out)


def main():
    results = sorted((HERE / "results").glob("*.json"))
    text = table(json.loads(results[-1].read_text()), results[-1].stem) if results else NOT_YET
    before = README.read_text()
    after = re.sub(re.escape(BEGIN) + ".*?" + re.escape(END), lambda _: f"{BEGIN}\n{text}\n{END}", before, flags=re.S)
    if "--check" in sys.argv[1:]:
        if after != before:
            sys.exit("error: README.md: its figures are not those of bench/results (bench/table.py)")
        return
    README.write_text(after)


if __name__ == "__main__":
    main()
