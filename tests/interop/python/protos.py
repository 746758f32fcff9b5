"""Generates Python code from the published gRPC testing protos, once per run of a program.

They come from Debian's grpc-proto package; nothing generated is kept in the repository.
"""
import sys
import tempfile
from pathlib import Path

from grpc_tools import protoc

SOURCE = Path("/usr/share/grpc-proto")


def load():
    """(empty_pb2, messages_pb2, test_pb2_grpc)"""
    holder = tempfile.TemporaryDirectory(prefix="proa-protos-")
    names = [str(SOURCE / f"grpc/testing/{name}.proto") for name in ("empty", "messages", "test")]
    code = protoc.main(["protoc", f"-I{SOURCE}", f"--python_out={holder.name}", f"--grpc_python_out={holder.name}", *names])
    assert code == 0, "the testing protos are missing: install grpc-proto"
    # The generated modules are called grpc.testing.*, beside the library's own package.
    import grpc
    grpc.__path__.append(str(Path(holder.name) / "grpc"))
    from grpc.testing import empty_pb2, messages_pb2, test_pb2_grpc     # noqa: E402
    sys.modules["proa_protos_holder"] = holder                          # deleted when the program ends
    return empty_pb2, messages_pb2, test_pb2_grpc
