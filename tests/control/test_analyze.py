"""proa analyze: files of objects in, findings out."""
import json
import pathlib
import subprocess

import pytest

from tests.control.store_plane import StorePlane
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


def test_sarif_is_for_code_review(tmp_path):
    (tmp_path / "a bad.yaml").write_text(BAD)
    told = json.loads(analyze(tmp_path, "-o", "sarif").stdout)
    assert told["version"] == "2.1.0"
    run, = told["runs"]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["IST0101", "IST0106"]
    first, second = run["results"]
    assert first["ruleId"] == "IST0101" and first["level"] == "error"
    assert first["message"]["text"].startswith("VirtualService shop/a: spec.http[0]")
    place = second["locations"][0]["physicalLocation"]
    assert place == {"artifactLocation": {"uri": f"file://{tmp_path}/a%20bad.yaml"}, "region": {"startLine": 12, "startColumn": 8}}


def test_a_control_plane_that_runs_is_analyzed(tmp_path):
    (tmp_path / "bad.yaml").write_text(BAD)
    plane = StorePlane("--config", str(tmp_path)).start()
    try:
        plane.proa("apply", "-f", "-", text=BAD.split("---")[0].replace("name: a,", "name: mine,"))
        told = plane.proa("analyze")
        assert told.returncode == 1
        lines = told.stdout.splitlines()
        assert lines[-1] == "2 objects: 4 errors, 0 warnings, 0 notes"
        assert any(line.startswith(f"{tmp_path}/bad.yaml:12:8: Error [IST0106] DestinationRule shop/b") for line in lines)
        assert any(line.startswith(f"{plane.store}:1:1: Error [IST0101] VirtualService shop/mine: ") for line in lines)
        assert "findings:\n- code: IST0" in plane.proa("analyze", "-o", "yaml").stdout
    finally:
        plane.remove()
