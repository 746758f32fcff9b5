#!/usr/bin/env python3
"""Measures proa-proxy beside other proxies: one run, interleaved, the same cores.

    run.py [--quick] [--only h1_keepalive,memory] [--peers proa,haproxy] [--blocks N] [--seconds N]

`--quick` proves that everything runs; its figures mean nothing and are left in build/bench/. A real run takes about
forty minutes on a machine that does nothing else, and writes bench/results/DATE.json and DATE.md.
"""
import argparse
import dataclasses
import datetime
import os
import pathlib
import resource
import statistics
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path.insert(0, str(HERE))

import certificates  # noqa: E402
import machine  # noqa: E402
import report  # noqa: E402
from peers import envoy, floor, haproxy, nghttpx, nginx, proa  # noqa: E402
from programs import LOAD_CORE  # noqa: E402
from scenarios import Bench, memory, requests, tls  # noqa: E402

PEERS = {peer.NAME: peer for peer in (floor, proa, haproxy, nginx, nghttpx, envoy)}
SCENARIOS = {"h1_keepalive": requests.h1_keepalive, "h2_to_h2": requests.h2_to_h2, "routes": requests.routes,
             "memory": memory.memory, "tls_full": tls.tls_full, "tls_resumed": tls.tls_resumed,
             "mtls_pair": tls.mtls_pair, "sidecar_pair": tls.sidecar_pair}


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", default=",".join(SCENARIOS), help="scenarios, by comma")
    parser.add_argument("--peers", default=",".join(PEERS), help="peers, by comma")
    parser.add_argument("--blocks", type=int, help="blocks (5; quick: 1)")
    parser.add_argument("--seconds", type=int, help="seconds for each measurement (5; quick: 1)")
    chosen = parser.parse_args()
    for names, known in ((chosen.only, SCENARIOS), (chosen.peers, PEERS)):
        for name in names.split(","):
            if name not in known:
                parser.error(f"{name} is none of {', '.join(known)}")
    return chosen


def found_peers(names):
    peers = []
    for name in names.split(","):
        reason = PEERS[name].missing()
        print(f"{name}: {reason or PEERS[name].version()}", flush=True)
        if not reason:
            peers.append(PEERS[name])
    return peers


def all_samples(table):
    return [sample for blocks in table["samples"].values() for block in blocks for sample in block]


def main():
    chosen = options()
    if os.cpu_count() <= LOAD_CORE:
        sys.exit("two cores are needed")
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    peers = found_peers(chosen.peers)
    result = {"when": datetime.date.today().isoformat(), "machine": machine.describe(),
              "versions": {peer.NAME: peer.version() for peer in peers},
              "seconds": chosen.seconds or (1 if chosen.quick else 5),
              "blocks": chosen.blocks or (1 if chosen.quick else 5), "scenarios": {}}
    with tempfile.TemporaryDirectory(prefix="proa-bench-") as scratch:
        os.chmod(scratch, 0o755)  # workers of nginx may run as another user
        say = lambda text: print(text, flush=True)  # noqa: E731
        bench = Bench(peers, scratch, result["seconds"], result["blocks"], chosen.quick, certificates.make(scratch),
                      say)
        for name in chosen.only.split(","):
            say(f"{name}")
            table = dataclasses.asdict(SCENARIOS[name](bench))
            table["commands"] = {k: report.clean(v, ROOT, scratch) for k, v in table["commands"].items()}
            table["left_out"] = {k: report.clean(v, ROOT, scratch) for k, v in table["left_out"].items()}
            voids = [sample["void"] for sample in all_samples(table) if sample["void"]]
            table["void"], table["first_void"] = len(voids), voids[0] if voids else ""
            result["scenarios"][name] = table
            say(report.rows_to_markdown(table["rows"]))
    write(result, chosen.quick)


def write(result, quick):
    shares = [s["others_share"] for table in result["scenarios"].values() for s in all_samples(table)]
    result["others_share"] = statistics.median(shares) if shares else 0.0
    folder = ROOT / "build/bench" if quick else HERE / "results"
    folder.mkdir(parents=True, exist_ok=True)
    for suffix, text in ((".json", report.to_json(result)), (".md", report.to_markdown(result))):
        path = folder / (("quick" if quick else result["when"]) + suffix)
        path.write_text(text)
        print(f"written: {path.relative_to(ROOT)}")
    voids = sum(table["void"] for table in result["scenarios"].values())
    empty = [name for name, table in result["scenarios"].items() if not table["rows"]]
    if voids or empty:
        sys.exit(f"{voids} void samples" + (f"; nothing measured in {', '.join(empty)}" if empty else ""))


if __name__ == "__main__":
    main()
