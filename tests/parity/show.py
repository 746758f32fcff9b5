"""Prints what one proxy does in some scenarios, for whoever writes or debugs them.

    python -m tests.parity.show [--kind envoy|proa] [--brief] FEATURE[/CASE] ...
"""
import argparse
import tempfile
from pathlib import Path

from tests.parity.differences import matches
from tests.parity.observe import observe
from tests.parity.registry import features
from tests.parity.world import World


def brief(seen: dict) -> str:
    parts = []
    for index in range(9):
        if f"client[{index}].status" in seen:
            parts.append(f"{seen[f'client[{index}].status']}/{seen[f'client[{index}].end']}")
        elif f"client[{index}].connect" in seen:
            parts.append(seen[f"client[{index}].connect"])
    logs = [f"{seen.get(f'log[{i}].CODE')} {seen.get(f'log[{i}].FLAGS')} {seen.get(f'log[{i}].DETAILS')} "
            f"{seen.get(f'log[{i}].ROUTE')}" for i in range(seen["log.count"])]
    where = [f"{seen[f'origin[{i}].where']} {seen[f'origin[{i}].line']}" for i in range(seen["origin.count"])]
    other = {k: v for k, v in seen.items() if k.split("[")[0].split(".")[0] not in ("client", "log", "origin", "stat")}
    return f"{' '.join(parts)} | {'; '.join(logs)} | {'; '.join(where)} {other or ''}"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kind", default="envoy")
    parser.add_argument("--brief", action="store_true")
    parser.add_argument("scenarios", nargs="+")
    arguments = parser.parse_args()
    for feature in features():
        wanted = [case for case in feature.cases for pattern in arguments.scenarios
                  if matches(pattern, f"{feature.name}/{case.name}") or pattern == feature.name]
        if not wanted:
            continue
        with tempfile.TemporaryDirectory() as directory:
            try:
                world = World(feature, arguments.kind, Path(directory))
            except AssertionError as error:
                print(f"{feature.name}: {error}")
                continue
            try:
                for case in wanted:
                    show(feature.name, case, observe(world, case), arguments.brief)
            finally:
                world.stop()


def show(feature: str, case, seen: dict, short: bool) -> None:
    if short:
        print(f"{feature}/{case.name}: {brief(seen)}")
        return
    print(f"== {feature}/{case.name}")
    for name, value in sorted(seen.items()):
        print(f"   {name} = {value!r}")


if __name__ == "__main__":
    main()
