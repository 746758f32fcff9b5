"""proa scope: what a workload knows, what it calls, and the Sidecar object for it."""
import json
import subprocess

import pytest
import yaml

from tests.control.test_graph import Caller
from tests.support import binaries

pytestmark = pytest.mark.proa_only


@pytest.fixture(scope="module")
def caller(tmp_path_factory):
    made = Caller(tmp_path_factory.mktemp("caller"))   # it has called one of two services
    yield made
    made.stop()


def proa(*words) -> subprocess.CompletedProcess:
    return subprocess.run([binaries.proa(), *map(str, words)], capture_output=True, text=True, timeout=60)


def test_what_it_knows_and_what_it_calls(caller):
    [told] = json.loads(proa("scope", caller.admin, "-o", "json").stdout)
    assert (told["knows"], told["calls"]) == (2, 1)
    assert {each["host"]: each["connections"] > 0 for each in told["services"]} == {
        "a.shop.svc.cluster.local": True, "b.shop.svc.cluster.local": False}
    table = proa("scope", "--services", caller.admin).stdout
    assert "sidecar~127.0.1.1~cart-1.shop~shop.svc.cluster.local" in table
    assert any(line.split() == ["no", "b.shop.svc.cluster.local"] for line in table.splitlines()), table


def test_the_sidecar_object_is_one(caller, tmp_path):
    written = proa("scope", "--write", caller.admin, caller.admin).stdout     # two of one workload have one Sidecar
    assert yaml.safe_load(written) == {
        "apiVersion": "networking.istio.io/v1", "kind": "Sidecar", "metadata": {"name": "cart", "namespace": "shop"},
        "spec": {"workloadSelector": {"labels": {"app": "cart"}}, "egress": [{"hosts": ["shop/a.shop.svc.cluster.local"]}]}}
    (tmp_path / "scope.yaml").write_text(written)
    assert proa("analyze", tmp_path).stdout.splitlines()[-1].startswith("1 objects: 0 errors")


def test_a_proxy_that_is_not_there():
    told = proa("scope", "/nowhere/admin.sock")
    assert told.returncode == 1
    assert "/nowhere/admin.sock" in told.stderr
