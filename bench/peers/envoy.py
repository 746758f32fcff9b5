"""Envoy as its Python package brings it (tools/requirements-envoy.txt)."""
import os
import pathlib

from peers import first_line
from peers.envoy_config import write_config

NAME = "envoy"
ROOT = pathlib.Path(__file__).resolve().parents[2]
_FOUND = sorted(ROOT.glob(".venv-envoy/lib/*/site-packages/envoy/_bin/envoy"))
BINARY = pathlib.Path(os.environ.get("PROA_ENVOY", _FOUND[0] if _FOUND else ROOT / ".venv-envoy/envoy"))


def missing():
    return "" if BINARY.exists() else "not installed: tools/setup.sh bench"


def unable(plan):
    return ""


def command(plan, folder):
    return [BINARY, "-c", write_config(plan, folder / "envoy.json"), "--concurrency", 1, "-l", "error",
            "--disable-hot-restart"]


def version():
    return "envoy " + first_line(BINARY, "--version", pattern=r"\d+\.\d+\.\d+/\S+")
