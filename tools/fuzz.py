#!/usr/bin/env python3
"""Runs each fuzz target of build/fuzz for a while, from its seeds and from what earlier runs found.

    fuzz.py [--seconds 600] [--parallel 2] [NAME ...]

What a run learns stays in build/fuzz/corpus/NAME. An input that fails goes to fuzz/regress/NAME, where every
later `make test` replays it: commit it with the fix.
"""
import argparse
import concurrent.futures
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build/fuzz"


def name_of(program):
    """fuzz_http_h1_request may stand for folder http/h1 and target request: the one whose seeds exist."""
    words = program.name.split("_")[1:]
    for start in range(1, len(words)):
        name = "_".join(words[start:])
        if (ROOT / "fuzz/corpus" / name).is_dir():
            return name
    sys.exit(f"{program}: no folder in fuzz/corpus")


def fuzz(program, seconds):
    name = name_of(program)
    learnt, regress = BUILD / "corpus" / name, ROOT / "fuzz/regress" / name
    for folder in (learnt, regress):
        folder.mkdir(parents=True, exist_ok=True)
    log = BUILD / f"{program.name}.log"
    with open(log, "w") as out:
        run = subprocess.run([program, f"-max_total_time={seconds}", f"-artifact_prefix={regress}/", "-timeout=10",
                              "-rss_limit_mb=2048", "-print_final_stats=1", learnt, ROOT / "fuzz/corpus" / name, regress],
                             stdout=out, stderr=subprocess.STDOUT)
    try:
        regress.rmdir()  # git keeps no empty folders
    except OSError:
        pass
    return program.name, run.returncode, log


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--parallel", type=int, default=2)
    parser.add_argument("name", nargs="*", help="parts of target names; all targets without")
    arguments = parser.parse_args()
    programs = [program for program in sorted((BUILD / "bin").glob("fuzz_*"))
                if not arguments.name or any(name in program.name for name in arguments.name)]
    if not programs:
        sys.exit("no fuzz targets")
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(arguments.parallel) as pool:
        for name, code, log in pool.map(lambda program: fuzz(program, arguments.seconds), programs):
            failed += code != 0
            print(f"{'FAILED' if code else 'ok':8}{name} ({log.relative_to(ROOT)})", flush=True)
            if code:
                print("".join(log.read_text(errors="replace").splitlines(keepends=True)[-40:]))
    print(f"{len(programs) - failed} targets held, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
