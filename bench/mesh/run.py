#!/usr/bin/env python3
"""Measures the mesh: how long until a change is in effect, what it costs, and what traffic notices of it.

    run.py [--only effect,endpoint,traffic,fanout] [--services 1000] [--proxies 100] [--quick]

Programs are those of build/release/bin; PROA_PROXY names others. Results go to bench/results/mesh-DATE.json and .md,
with --quick to the terminal only.
"""
import argparse
import datetime
import json
import os
import pathlib
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT), str(HERE), str(HERE.parent)]
os.environ.setdefault("PROA_PROXY", str(ROOT / "build/release/bin/proa-proxy"))

import machine  # noqa: E402
import report  # noqa: E402
import scenarios_of_change  # noqa: E402
import scenarios_of_fanout  # noqa: E402

SCENARIOS = {"effect": scenarios_of_change.effect, "endpoint": scenarios_of_change.endpoint,
             "traffic": scenarios_of_change.traffic, "fanout": scenarios_of_fanout.fanout}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(SCENARIOS), help="scenarios, by comma")
    parser.add_argument("--services", type=int, default=1000)
    parser.add_argument("--proxies", type=int, default=100)
    parser.add_argument("--quick", action="store_true", help="a few changes of each: proves that it runs")
    chosen = parser.parse_args()
    result = {"when": datetime.date.today().isoformat(), "machine": machine.describe(), "scenarios": {}}
    for name in chosen.only.split(","):
        if name not in SCENARIOS:
            parser.error(f"{name} is none of {', '.join(SCENARIOS)}")
        print(f"{name}: {SCENARIOS[name].__doc__.splitlines()[0]}", flush=True)
        with tempfile.TemporaryDirectory(prefix="proa-bench-") as folder:
            rows = SCENARIOS[name](pathlib.Path(folder), chosen)
        result["scenarios"][name] = {"title": SCENARIOS[name].__doc__.splitlines()[0], "rows": rows}
        print(report.rows_to_markdown(rows), flush=True)
    if not chosen.quick:
        where = ROOT / f"bench/results/mesh-{result['when']}"
        where.with_suffix(".json").write_text(json.dumps(result, indent=1) + "\n")
        where.with_suffix(".md").write_text(as_markdown(result))
        print(f"written: {where.relative_to(ROOT)}.json, .md")


def as_markdown(result):
    out = ["# The mesh, measured", "", "Made by `bench/mesh/run.py`.", "",
           ", ".join(f"{key}: {value}" for key, value in result["machine"].items()) + "."]
    for name, scenario in result["scenarios"].items():
        out += ["", f"## {name}: {scenario['title']}", "", report.rows_to_markdown(scenario["rows"])]
    return "\n".join(out) + "\n"


if __name__ == "__main__":
    main()
