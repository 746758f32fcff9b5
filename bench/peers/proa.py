"""proa-proxy of the release build."""
import os
import pathlib

from peers import first_line
from peers.envoy_config import write_config

NAME = "proa"
ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("PROA_PROXY", ROOT / "build/release/bin/proa-proxy"))


def missing():
    return "" if BINARY.exists() else "not built: make build"


def unable(plan):
    return ""


def command(plan, folder):
    return [BINARY, "-c", write_config(plan, folder / "proa.json"), "--concurrency", 1, "-l", "error"]


def version():
    commit = first_line("git", "-C", ROOT, "rev-parse", "--short", "HEAD")
    return f"{first_line(BINARY, '--version')} ({commit})"
