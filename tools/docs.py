#!/usr/bin/env python3
"""Makes docs/configuration.md from what proa-proxy says of itself, or with --check only compares.

    docs.py [--check] [--proxy build/release/bin/proa-proxy]

A field that starts to be supported changes the page: run this and commit it with the change.
"""
import argparse
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/configuration.md"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--proxy", default=ROOT / "build/release/bin/proa-proxy", type=pathlib.Path)
    chosen = parser.parse_args()
    wanted = subprocess.run([chosen.proxy, "--configuration-reference"], check=True, capture_output=True,
                            text=True).stdout
    if not wanted.startswith("# "):
        sys.exit(f"error: {chosen.proxy} printed no reference")
    if chosen.check:
        if not PAGE.exists() or PAGE.read_text() != wanted:
            sys.exit("error: docs/configuration.md is not what proa-proxy says: run tools/docs.py")
        return
    PAGE.write_text(wanted)


if __name__ == "__main__":
    main()
