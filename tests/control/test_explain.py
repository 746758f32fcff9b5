"""proa explain: the way of a request through both sidecars, from files."""
import json
import pathlib
import subprocess

import pytest

from tests.support import binaries

pytestmark = pytest.mark.proa_only
TESTDATA = pathlib.Path(__file__).parents[2] / "src/mesh/testdata"
WORLD = ["--config", str(TESTDATA / "world.yaml"), "--mesh-config", str(TESTDATA / "meshconfig.yaml")]


def explain(*words, world=WORLD) -> subprocess.CompletedProcess:
    return subprocess.run([binaries.proa(), "explain", *world, *map(str, words)], capture_output=True, text=True, timeout=30)


def told(*words) -> dict:
    return json.loads(explain(*words, "-o", "json").stdout)


def line_of(text: str) -> int:
    """Where the object with these lines begins in the file."""
    lines = (TESTDATA / "world.yaml").read_text().splitlines()
    at = next(i for i, _ in enumerate(lines) if "\n".join(lines[i:]).startswith(text))
    return at + 1


def test_a_request_through_both_sidecars():
    out = explain("--from", "shop/productpage", "--to", "http://reviews:9080/reviews/1")
    assert out.returncode == 0, out.stderr
    for line in ["route      split", "connection to 127.0.2.1:9080 with mutual TLS", "mTLS mode  STRICT",
                 "caller is  spiffe://cluster.local/ns/shop/sa/productpage", "=> arrives at shop/reviews-1"]:
        assert line in out.stdout, out.stdout


def test_origins_are_the_places_in_the_file():
    origins = {each["of"]: each for each in told("--from", "shop/productpage", "--to", "reviews:9080")["from"]["origins"]}
    where = line_of("apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata:\n  name: reviews\n")
    assert origins["route"]["object"] == "VirtualService shop/reviews"
    assert (origins["route"]["line"], origins["route"]["column"]) == (where, 1)
    assert origins["route"]["file"].endswith("world.yaml")


def test_weights_follow_the_number():
    clusters = [told("--from", "shop/productpage", "--to", "reviews:9080", "--random", n)["from"]["cluster"]["name"]
                for n in (79, 80, 95)]
    assert clusters == [f"outbound|9080|{subset}|reviews.shop.svc.cluster.local" for subset in ("v1", "v2", "v3")]


def test_headers_choose_the_route():
    assert told("--from", "shop/productpage", "--to", "http://reviews:9080/api", "-H", "end-user: jason")["from"]["route"]["name"] == "jason"


def test_what_the_sidecar_answers_itself():
    out = explain("--from", "shop/productpage", "--to", "http://reviews:9080/hc")
    assert out.returncode == 1
    assert out.stdout.splitlines()[-1].endswith("answers 200 itself")


def test_a_gateway_that_no_object_describes():
    gateway = ["--from", "shop/edge", "--label", "istio=ingressgateway", "--gateway"]
    out = told(*gateway, "--to", "http://shop.example.com:8081/productpage")
    assert out["from"]["listener"]["name"] == "0.0.0.0_8081"
    assert out["from"]["cluster"]["name"] == "outbound|80||productpage.shop.svc.cluster.local"
    assert out["to"]["proxy"].startswith("sidecar of shop/productpage")
    redirected = told(*gateway, "--to", "http://shop.example.com:8082/")
    assert redirected["outcome"].endswith("redirects with 301 to https://shop.example.com:8082/")
    assert not redirected["arrives"]


def test_yaml_says_what_json_says():
    out = explain("--from", "shop/productpage", "--to", "reviews:9080", "-o", "yaml")
    assert "outcome: arrives at shop/reviews-1" in out.stdout or 'outcome: "arrives at shop/reviews-1"' in out.stdout


@pytest.mark.parametrize("words, why", [
    (["--from", "shop/nobody", "--to", "reviews:9080"], "namespace shop has no workload, account or service nobody"),
    (["--from", "nowhere/a", "--to", "reviews:9080"], "there is no workload in namespace nowhere"),
    (["--from", "shop/reviews", "--to", "reviews:99999"], "99999 is no port"),
])
def test_what_cannot_be_asked(words, why):
    out = explain(*words)
    assert out.returncode == 1
    assert why in out.stderr


def test_a_header_without_a_name_is_a_wrong_command_line():
    assert explain("--from", "shop/reviews", "--to", "ratings:9080", "-H", "nonsense").returncode == 2
