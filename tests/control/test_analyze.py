"""proa analyze: files of objects in, findings out."""
import json
import pathlib
import subprocess

import pytest

from tests.support import binaries

pytestmark = pytest.mark.proa_only
TESTDATA = pathlib.Path(__file__).parents[2] / "src/mesh/testdata"

BAD = """apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: a, namespace: shop}
spec:
  hosts: [a.example.com]
  http:
  - route: [{destination: {host: nowhere}}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: b, namespace: shop}
spec: {hots: a.example.com}
"""


def analyze(*words) -> subprocess.CompletedProcess:
    return subprocess.run([binaries.proa(), "analyze", *map(str, words)], capture_output=True, text=True, timeout=20)


def test_a_good_world_has_no_errors():
    told = analyze(TESTDATA / "world.yaml", "--mesh-config", TESTDATA / "meshconfig.yaml")
    warning, count = told.stdout.splitlines()
    assert "Warning [IST0133] AuthorizationPolicy shop/deny: spec.rules[0]: matches HTTP only" in warning
    assert count == "45 objects: 0 errors, 1 warnings, 0 notes"
    assert told.returncode == 0


def test_a_bad_folder_is_told_by_line_and_code(tmp_path):
    (tmp_path / "bad.yaml").write_text(BAD)
    told = analyze(tmp_path)
    assert told.returncode == 1
    assert told.stdout.splitlines() == [
        f"{tmp_path}/bad.yaml:1:1: Error [IST0101] VirtualService shop/a: spec.http[0].route[0].destination.host: names "
        'the host "nowhere", which is not there; declare it by a Service or a ServiceEntry, or correct the name',
        f"{tmp_path}/bad.yaml:12:8: Error [IST0106] DestinationRule shop/b: spec.hots: unknown field of DestinationRule; "
        "did you mean 'host'?",
        "1 objects: 2 errors, 0 warnings, 0 notes",
    ]


def test_json_is_for_scripts(tmp_path):
    (tmp_path / "bad.yaml").write_text(BAD)
    told = json.loads(analyze(tmp_path, "-o", "json").stdout)
    assert [finding["code"] for finding in told] == ["IST0101", "IST0106"]
    assert told[0]["object"] == "VirtualService shop/a"
    assert told[1]["line"] == 12


def test_a_folder_that_is_not_there(tmp_path):
    told = analyze(tmp_path / "none")
    assert told.returncode == 1
    assert "No such file" in told.stderr
