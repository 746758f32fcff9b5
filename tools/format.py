#!/usr/bin/env python3
"""Formats C++ sources with clang-format, or with --check only says which it would change.

    format.py [--check] [FILE or FOLDER ...]     all sources, unless some are named
"""
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDERS = ("src", "fuzz", "tools", "bench")


def main():
    check = "--check" in sys.argv[1:]
    named = [pathlib.Path(name).absolute() for name in sys.argv[1:] if name != "--check"]
    files = [str(path) for place in named or [ROOT / folder for folder in FOLDERS]
             for path in ([place] if place.is_file() else sorted(place.rglob("*"))) if path.suffix in (".h", ".cc")]
    command = ["clang-format-19", *(["--dry-run", "--Werror"] if check else ["-i"])]
    run = subprocess.run([*command, *files], capture_output=check, text=True, cwd=ROOT)
    if check:
        changed = sorted({line.split(":")[0] for line in run.stderr.splitlines() if "clang-format-violations" in line})
        for path in changed:
            print(f"error: {pathlib.Path(path).relative_to(ROOT)}: not as clang-format writes it (make format)")
        print(f"format: {len(changed)} of {len(files)} files differ")
    sys.exit(run.returncode)


if __name__ == "__main__":
    main()
