"""The floor: bench/load/nullrelay.cc, which copies bytes and knows no protocol. Built when first asked for."""
import pathlib
import shutil
import subprocess

from peers import first_line

NAME = "floor"
ROOT = pathlib.Path(__file__).resolve().parents[2]
SOURCE = ROOT / "bench/load/nullrelay.cc"
BINARY = ROOT / "build/bench/nullrelay"
COMPILER = ("g++", "-O2", "-std=c++20")


def missing():
    return "" if shutil.which(COMPILER[0]) else "no compiler"


def unable(plan):
    if plan.server_tls or plan.upstream_tls or plan.routes or plan.clusters > 1:
        return "a relay of bytes"
    return ""


def command(plan, folder):
    if not BINARY.exists() or BINARY.stat().st_mtime < SOURCE.stat().st_mtime:
        BINARY.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run([*COMPILER, "-o", BINARY, SOURCE], check=True)
    return [BINARY, plan.listen, plan.upstream]


def version():
    return "bench/load/nullrelay.cc, " + first_line(COMPILER[0], "--version")
