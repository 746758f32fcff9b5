"""proa check: what fails on a host, and what to do."""
import json
import subprocess

import pytest

from tests.control.test_certificates import Secure
from tests.support import binaries
from tests.support.ports import Reservation

pytestmark = pytest.mark.proa_only


def check(*words) -> subprocess.CompletedProcess:
    return subprocess.run([binaries.proa(), "check", *map(str, words)], capture_output=True, text=True, timeout=60)


def findings(*words) -> list[dict]:
    return json.loads(check(*words, "-o", "json").stdout)


def about(text: str, found: list[dict]) -> dict:
    return next(each for each in found if text in each["what"])


@pytest.fixture(scope="module")
def secure(tmp_path_factory):
    made = Secure(tmp_path_factory.mktemp("secure"))
    yield made
    made.plane.stop()


def test_what_is_not_well_says_what_to_do():
    for each in findings():
        assert each["level"] in ("ok", "note", "FAIL")
        assert bool(each["fix"]) == (each["level"] != "ok"), each


def test_the_proxy_is_of_the_same_version():
    assert about("proa-proxy", findings())["level"] == "ok"


def test_a_control_plane_that_answers(secure):
    found = findings("--control", f"127.0.0.1:{secure.port.port}", "--root", secure.ca / "root-cert.pem")
    assert about("control plane", found)["level"] == "ok", found


def test_a_control_plane_of_another_root_or_name(secure, tmp_path):
    at = f"127.0.0.1:{secure.port.port}"
    other = Secure(tmp_path)
    other.plane.stop()
    wrong = about("control plane", findings("--control", at, "--root", other.ca / "root-cert.pem"))
    assert wrong["level"] == "FAIL" and "certificate" in wrong["what"], wrong
    named = about("control plane", findings("--control", at, "--root", secure.ca / "root-cert.pem", "--control-name", "else.example"))
    assert named["level"] == "FAIL", named


def test_a_control_plane_that_is_not_there(secure):
    nobody = Reservation()
    told = check("--control", f"127.0.0.1:{nobody.port}", "--root", secure.ca / "root-cert.pem")
    assert told.returncode == 1
    assert f"FAIL control plane 127.0.0.1:{nobody.port}" in told.stdout
    assert "proa control --ca DIR --secure-xds" in told.stdout


def test_a_key_that_others_can_read(secure, tmp_path):
    assert about("ca-key.pem", findings("--ca", secure.ca))["level"] == "ok"
    token = tmp_path / "token"
    token.write_text("t")
    token.chmod(0o644)
    found = about(str(token), findings("--token-file", token))
    assert (found["level"], found["fix"]) == ("FAIL", f"chmod 600 {token}")
    token.chmod(0o600)
    assert about(str(token), findings("--token-file", token))["level"] == "ok"


def test_a_folder_that_is_no_authority(tmp_path):
    told = check("--ca", tmp_path / "none")
    assert told.returncode == 1
    assert "is no folder" in told.stdout


def test_a_control_plane_needs_its_root():
    assert check("--control", "127.0.0.1:1").returncode == 2
