"""How to start each language's interop server and client. One entry a language."""
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

from tests.support import certs
from tests.support.binaries import ROOT, go_tool
from tests.support.client import Dial
from tests.support.ports import free_port
from tests.support.programs import Program

# The official list, less the cases that need outside credentials or compression.
OFFICIAL = ["empty_unary", "large_unary", "client_streaming", "server_streaming", "ping_pong", "empty_stream", "timeout_on_sleeping_server",
            "cancel_after_begin", "cancel_after_first_response", "status_code_and_message", "special_status_message", "custom_metadata",
            "unimplemented_method", "unimplemented_service"]


@dataclass
class Language:
    """`server(tls, log)` -> (program, port); `client(port, case, tls)` -> command line."""
    server: Callable[[bool, Path], tuple[Program, int]]
    client: Callable[[int, str, bool], list[str]]


def printed_port(command: list[str], log: Path, cwd: Path | None = None, seconds: float = 30.0) -> tuple[Program, int]:
    """Starts a server that prints its port."""
    program = Program(command, log, cwd=cwd or ROOT)
    program.wait_ready(lambda: program.output(1).strip().isdigit(), seconds)
    return program, int(program.output(1))


def accepts(port: int) -> bool:
    try:
        Dial(port).connect().close()
        return True
    except OSError:
        return False


def go_server(tls: bool, log: Path) -> tuple[Program, int]:
    port, files = free_port(), certs.paths()
    flags = ["-use_tls", "-tls_cert_file", files["server.crt"], "-tls_key_file", files["server.key"]] if tls else []
    program = Program([str(go_tool("grpc_interop_server")), "-port", str(port), *flags], log)
    program.wait_ready(lambda: accepts(port))
    return program, port


def go_client(port: int, case: str, tls: bool) -> list[str]:
    flags = ["-use_tls", "-use_test_ca", "-ca_file", certs.paths()["ca.crt"], "-server_host_override", "server.test"] if tls else []
    return [str(go_tool("grpc_interop_client")), "-server_host", "127.0.0.1", "-server_port", str(port), "-test_case", case, *flags]


def python_server(tls: bool, log: Path) -> tuple[Program, int]:
    files = certs.paths()
    flags = ["--cert", files["server.crt"], "--key", files["server.key"]] if tls else []
    return printed_port([sys.executable, "-m", "tests.interop.python.server", *flags], log)


def python_client(port: int, case: str, tls: bool) -> list[str]:
    flags = ["--ca", certs.paths()["ca.crt"]] if tls else []
    return [sys.executable, "-m", "tests.interop.python.client", "--target", f"127.0.0.1:{port}", "--case", case, *flags]


def node_folder() -> Path:
    """Installs what package-lock.json names, once."""
    folder = ROOT / "tests/interop/node"
    if not (folder / "node_modules/@grpc/grpc-js").exists():
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=folder, check=True, capture_output=True)
    return folder


def node_server(tls: bool, log: Path) -> tuple[Program, int]:
    files = certs.paths()
    return printed_port(["node", "server.js", *([files["server.crt"], files["server.key"]] if tls else [])], log, node_folder())


def node_client(port: int, case: str, tls: bool) -> list[str]:
    script = str(node_folder() / "client.js")
    return ["node", script, f"127.0.0.1:{port}", case, *([certs.paths()["ca.crt"], "server.test"] if tls else [])]


def java_path() -> str:
    """The class path; builds with Maven once."""
    folder = ROOT / "tests/interop/java"
    if not (folder / "target/interop-1.jar").exists():
        subprocess.run(["mvn", "-q", "-B", "package"], cwd=folder, check=True, capture_output=True)
    return f"{folder}/target/interop-1.jar:{folder}/target/lib/*"


def java_server(tls: bool, log: Path) -> tuple[Program, int]:
    files = certs.paths()
    return printed_port(["java", "-cp", java_path(), "proa.interop.Server", *([files["server.crt"], files["server.key"]] if tls else [])], log)


def java_client(port: int, case: str, tls: bool) -> list[str]:
    return ["java", "-cp", java_path(), "proa.interop.Client", str(port), case, *([certs.paths()["ca.crt"], "server.test"] if tls else [])]


LANGUAGES = {"go": Language(go_server, go_client), "python": Language(python_server, python_client),
             "node": Language(node_server, node_client), "java": Language(java_server, java_client)}
