#!/usr/bin/env python3
"""Runs clang-tidy over src/, by the compile commands of build/dev; any finding is an error (.clang-tidy).

    tidy.py [--jobs N] [FOLDER or FILE ...]     all of src/, unless some are named
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build/dev"


def sources(named):
    """Of the compile commands, the files under src/ (or under what was named)."""
    places = [pathlib.Path(name).absolute() for name in named] or [ROOT / "src"]
    commands = json.loads((BUILD / "compile_commands.json").read_text())
    files = {pathlib.Path(command["file"]) for command in commands}
    return sorted(file for file in files if any(file.is_relative_to(place) for place in places))


def tidy(file):
    run = subprocess.run(["clang-tidy-19", "-p", BUILD, "--quiet", f"--header-filter={re.escape(str(ROOT))}/src/.*",
                          "--extra-arg=-Wno-unknown-warning-option", file], capture_output=True, text=True)
    return run.returncode, run.stdout if run.returncode == 0 or run.stdout else run.stderr


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("place", nargs="*")
    arguments = parser.parse_args()
    files = sources(arguments.place)
    findings = set()  # a header's finding comes with every file that includes it
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        for code, text in pool.map(tidy, files):
            failed += code != 0
            found = set(re.findall(r"^\S+:\d+:\d+: (?:error|warning): .*$", text, re.M))
            for line in sorted(found - findings):
                print(line.replace(f"{ROOT}/", ""))
            findings |= found
            if code and not found:
                print(text)
    print(f"tidy: {len(findings)} findings in {len(files)} files")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
