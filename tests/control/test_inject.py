"""proa inject: pods with a sidecar, by text alone."""
import subprocess

import pytest
import yaml

from tests.support import binaries

pytestmark = pytest.mark.proa_only

DEPLOYMENT = """# kept
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: shop}
spec:
  template:
    metadata:
      labels: {app: cart}
      annotations: {traffic.sidecar.istio.io/excludeOutboundPorts: "5432"}
    spec:
      containers:
      - name: web   # kept, too
        image: cart:1
        livenessProbe: {httpGet: {path: /live, port: 8080}}
"""


def proa(*words, stdin: str | None = None) -> subprocess.CompletedProcess:
    return subprocess.run([binaries.proa(), *map(str, words)], input=stdin, capture_output=True, text=True, timeout=20)


def inject(text: str, *more) -> str:
    told = proa("inject", "-f", "-", "--image", "proa:0.1", *more, stdin=text)
    assert told.returncode == 0, told.stderr
    return told.stdout


def containers(text: str) -> dict:
    return {each["name"]: each for each in yaml.safe_load(text)["spec"]["template"]["spec"]["initContainers"]}


def test_kubernetes_reads_what_comes_out():
    out = inject(DEPLOYMENT)
    before, after = yaml.safe_load(DEPLOYMENT), yaml.safe_load(out)
    pod = after["spec"]["template"]
    assert [each["name"] for each in pod["spec"]["initContainers"]] == ["istio-init", "istio-proxy"]
    mounted = {each["name"] for each in containers(out)["istio-proxy"]["volumeMounts"]}
    assert mounted == {each["name"] for each in pod["spec"]["volumes"]}
    assert pod["spec"]["containers"][0]["livenessProbe"] == {"httpGet": {"path": "/app-health/web/livez", "port": 15020}}
    del pod["spec"]["initContainers"], pod["spec"]["volumes"]
    assert pod["metadata"]["labels"].pop("security.istio.io/tlsMode") == "istio"
    pod["spec"]["containers"][0]["livenessProbe"] = before["spec"]["template"]["spec"]["containers"][0]["livenessProbe"]
    for key in ("service.istio.io/canonical-name", "service.istio.io/canonical-revision"):
        del pod["metadata"]["labels"][key]
    del pod["metadata"]["annotations"]["sidecar.istio.io/status"]
    assert after == before


def test_twice_is_once_and_comments_stay():
    out = inject(DEPLOYMENT)
    assert out.startswith("# kept\n") and "# kept, too" in out
    assert inject(out) == out


def test_its_commands_are_commands_of_this_program(tmp_path):
    told = containers(inject(DEPLOYMENT, "--control", "127.0.0.1:1"))
    assert told["istio-init"]["args"][:2] == ["redirect", "apply"]
    rules = proa("redirect", "print", *told["istio-init"]["args"][2:])
    assert rules.returncode == 0, rules.stderr
    assert "5432" in rules.stdout
    words = [{"$(POD_NAME)": "cart-1", "$(POD_IP)": "10.0.0.1", "/var/run/proa": str(tmp_path / "run"),
              "/var/run/secrets/tokens/istio-token": str(tmp_path / "none")}.get(word, word)
             for word in told["istio-proxy"]["args"]]
    started = proa(*words, "--start-timeout-s", "1")
    assert started.returncode == 1, started.stderr       # understood, but nobody gives it a certificate
    assert "no certificate" in started.stderr


def test_many_files(tmp_path):
    (tmp_path / "a.yaml").write_text(DEPLOYMENT)
    (tmp_path / "b.yaml").write_text("kind: Service\nmetadata: {name: cart}")
    told = proa("inject", "-f", tmp_path, "--image", "proa:0.1")
    assert [each["kind"] for each in yaml.safe_load_all(told.stdout)] == ["Deployment", "Service"]


def test_what_cannot_be_injected_is_named():
    told = proa("inject", "-f", "-", "--image", "x", stdin="kind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a}]}\n")
    assert told.returncode == 1
    assert ":3:7: is not written in lines of its own" in told.stderr
    assert proa("inject", "-f", "-").returncode == 2
