"""The Connect conformance suite: gRPC, gRPC-Web and Connect over HTTP/1.1 and HTTP/2, clear text and TLS.

The suite's own client and server, with proa-proxy between them.
"""
import re
import subprocess
import sys

import pytest

from tests.support.binaries import ROOT, go_tool

pytestmark = pytest.mark.proa_only
CASES = 3600


def test_connect_conformance():
    said = subprocess.run([go_tool("connectconformance"), "--mode", "server", "--", sys.executable, "-m",
                           "tests.conformance.connect_server"], cwd=ROOT, capture_output=True, text=True, timeout=500)
    text = said.stdout + said.stderr
    counts = re.search(r"(\d+) passed, (\d+) failed", text)
    assert counts, text[-4000:]
    assert said.returncode == 0 and counts[2] == "0", text[-6000:]
    assert int(counts[1]) >= CASES, text[-500:]
