"""proa apply, get, delete, diff and edit, and the store behind them."""
import json
import os
import re
import shutil
import stat
import subprocess

import grpc
import pytest

from tests.control.mesh_plane import PRODUCTPAGE, Agent, sidecar
from tests.control.store_plane import StorePlane, stubs
from tests.control.test_grpc import Stream
from tests.support import binaries
from tests.support.client import Dial
from tests.support.client_h1 import Http1Client
from tests.support.deadline import wait_for
from tests.support.origin import Origin
from tests.support.ports import Reservation
from tests.xds import api
from tests.xds.control_plane import REQUEST

pytestmark = pytest.mark.proa_only


def entry(name: str, address: str = "10.0.0.1", namespace: str = "shop", more: str = "") -> str:
    return f"""apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata:
  name: {name}
  namespace: {namespace}{more}
spec:
  address: {address}
"""


@pytest.fixture
def plane():
    made = StorePlane().start()
    yield made
    made.remove()


def test_objects_are_applied_listed_printed_and_deleted(plane):
    told = plane.proa("apply", "-f", "-", text=entry("a") + "---\n" + entry("b"))
    assert told.stdout.splitlines() == ["workloadentry.networking.istio.io/a created",
                                        "workloadentry.networking.istio.io/b created"], told.stderr
    told = plane.proa("apply", "-f", "-", text=entry("a") + "---\n" + entry("b", "10.0.0.2"))
    assert told.stdout.splitlines() == ["workloadentry.networking.istio.io/a unchanged",
                                        "workloadentry.networking.istio.io/b configured"]
    table = plane.proa("get", "we", "-n", "shop").stdout.splitlines()
    assert table[0].split() == ["NAME", "ADDRESS", "AGE", "VERSION", "FROM"]
    assert [line.split()[0] for line in table[1:]] == ["a", "b"]
    assert [line.split()[1] for line in table[1:]] == ["10.0.0.1", "10.0.0.2"]
    assert [line.split()[3:] for line in table[1:]] == [["1", "api"], ["2", "api"]]
    everything = plane.proa("get", "-A").stdout.splitlines()
    assert everything[1].split()[:2] == ["shop", "workloadentry.networking.istio.io/a"]
    assert plane.proa("get", "we").stderr == "no such objects in namespace default (-A for all)\n"

    got = json.loads(plane.proa("get", "we/b", "-n", "shop", "-o", "json").stdout)
    assert got["spec"] == {"address": "10.0.0.2"} and got["metadata"]["resourceVersion"] == "2"
    assert [each["metadata"]["name"] for each in json.loads(plane.proa("get", "-A", "-o", "json").stdout)["items"]] == ["a", "b"]
    assert plane.proa("get", "we", "-n", "shop", "-o", "yaml").stdout.count("---\n") == 1

    told = plane.proa("delete", "we", "a", "c", "-n", "shop")
    assert told.returncode == 1 and told.stderr == "proa: WorkloadEntry shop/c is not there\n"
    told = plane.proa("delete", "we", "a", "c", "-n", "shop", "--ignore-not-found")
    assert told.stdout == "workloadentry.networking.istio.io/a deleted\n"
    assert plane.proa("delete", "-f", "-", text=entry("b")).returncode == 0
    told = plane.proa("get", "we", "b", "-n", "shop")
    assert told.returncode == 1 and told.stderr == "proa: WorkloadEntry shop/b is not there\n"


def test_what_get_prints_can_be_applied_again_unless_somebody_was_faster(plane):
    plane.proa("apply", "-f", "-", text=entry("a"))
    text = plane.proa("get", "we", "a", "-n", "shop", "-o", "yaml").stdout
    assert plane.proa("apply", "-f", "-", text=text).stdout.endswith("unchanged\n")
    changed = text.replace("10.0.0.1", "10.0.0.9")
    assert plane.proa("apply", "-f", "-", text=changed).stdout.endswith("configured\n")
    told = plane.proa("apply", "-f", "-", text=text)
    assert told.returncode == 1 and 'has resourceVersion "1", but the object has changed meanwhile: it is "2" now' in told.stderr


def test_a_call_with_a_fault_changes_nothing_and_names_its_place(plane, tmp_path):
    (tmp_path / "mesh").mkdir()
    (tmp_path / "mesh" / "a.yaml").write_text(entry("a"))
    (tmp_path / "mesh" / "b.yaml").write_text(entry("b") + "  adress: x\n")
    told = plane.proa("apply", "-f", str(tmp_path / "mesh"))
    assert told.returncode == 1 and not told.stdout
    assert f"{tmp_path}/mesh/b.yaml:8:3: WorkloadEntry shop/b: spec.adress: " in told.stderr
    assert "did you mean 'address'" in told.stderr
    assert not plane.proa("get", "-A").stdout
    assert plane.proa("apply", "-f", str(tmp_path / "nothing.yaml")).returncode == 1
    assert plane.proa("apply").returncode == 2


def test_an_object_of_a_file_has_the_say(tmp_path):
    (tmp_path / "a.yaml").write_text(entry("a"))
    plane = StorePlane("--config", str(tmp_path)).start()
    try:
        told = plane.proa("apply", "-f", "-", text=entry("a", "10.0.0.2"))
        assert told.returncode == 1 and f"is in {tmp_path}/a.yaml:1, which has the say" in told.stderr
        assert f"is in {tmp_path}/a.yaml:1: remove it there" in plane.proa("delete", "we", "a", "-n", "shop").stderr
        assert plane.proa("apply", "-f", "-", text=entry("b")).returncode == 0
        lines = plane.proa("get", "we", "-n", "shop").stdout.splitlines()
        assert [line.split()[-1] for line in lines[1:]] == [f"{tmp_path}/a.yaml:1", "api"]
    finally:
        plane.remove()


def test_watch_goes_on_with_each_change(plane):
    plane.proa("apply", "-f", "-", text=entry("a") + "---\n" + entry("b"))
    with subprocess.Popen([binaries.proa(), "get", "we", "-n", "shop", "-w", "-o", "json", "--api", plane.socket],
                          stdout=subprocess.PIPE, text=True) as watch:
        def told() -> tuple[str, str]:
            event = json.loads(watch.stdout.readline())
            return event["event"], event["object"]["metadata"]["name"]
        assert [told(), told()] == [("put", "a"), ("put", "b")]
        plane.proa("apply", "-f", "-", text=entry("c") + "---\n" + entry("other", namespace="default"))
        plane.proa("delete", "we", "a", "-n", "shop")
        assert [told(), told()] == [("put", "c"), ("deleted", "a")]
        plane.stop()
        assert watch.wait(10) == 1
    assert plane.proa("get", "we", "a", "-w").returncode == 2


def test_watch_prints_a_table(plane):
    plane.proa("apply", "-f", "-", text=entry("a"))
    with subprocess.Popen([binaries.proa(), "get", "we", "-n", "shop", "-w", "--api", plane.socket],
                          stdout=subprocess.PIPE, text=True) as watch:
        assert [watch.stdout.readline().split()[0] for _ in range(2)] == ["NAME", "a"]
        plane.proa("delete", "we", "a", "-n", "shop")
        assert watch.stdout.readline().split() == ["a", "-", "-", "-", "deleted"]
        watch.terminate()


def test_diff_tells_what_apply_would_do(plane):
    assert plane.proa("diff", "-f", "-", text=entry("a")).returncode == 1
    plane.proa("apply", "-f", "-", text=entry("a"))
    assert plane.proa("diff", "-f", "-", text=entry("a").replace("name: a", '"name": "a"')).returncode == 0
    told = plane.proa("diff", "-f", "-", text=entry("a", "10.0.0.2"))
    assert told.returncode == 1
    assert told.stdout.splitlines()[:2] == ["--- now/shop/workloadentry.networking.istio.io/a",
                                            "+++ then/shop/workloadentry.networking.istio.io/a"]
    assert told.stdout.endswith("-  address: 10.0.0.1\n+  address: 10.0.0.2\n")
    assert plane.proa("diff", "-f", "-", text="a: b").returncode == 2


SECRET = """apiVersion: v1
kind: Secret
metadata: {{name: s, namespace: shop}}
data: {{key: {}}}
"""


def test_secrets_are_in_no_diff_and_no_log(plane):
    plane.proa("apply", "-f", "-", text=SECRET.format("Zmlyc3Q="))
    told = plane.proa("diff", "-f", "-", text=SECRET.format("c2Vjb25k"))
    assert told.returncode == 1 and '+  "key": "*** (after)"' in told.stdout
    plane.proa("apply", "-f", "-", text=SECRET.format("c2Vjb25k"))
    refused = plane.proa("apply", "-f", "-", text=SECRET.format("dGhpcmQ%"))
    assert refused.returncode == 1 and 'data.key: is no base64' in refused.stderr
    for secret in ("Zmlyc3Q", "c2Vjb25k", "dGhpcmQ"):
        assert secret not in told.stdout + refused.stderr + plane.log()
    assert "c2Vjb25k" in plane.proa("get", "secret", "s", "-n", "shop", "-o", "yaml").stdout


def edit(plane, script: str):
    """The editor is a shell script with the file as $1; each round is a case of $round."""
    editor = plane.directory / "editor"
    editor.write_text(f"""#!/bin/sh
rounds="$0.rounds"; echo >> "$rounds"; round=$(wc -l < "$rounds"); api={plane.socket}
cp "$1" "$0.seen.$round"
{script}
""")
    editor.chmod(0o700)
    (plane.directory / "editor.rounds").unlink(missing_ok=True)
    return plane.proa("edit", "we", "a", "-n", "shop", env={**os.environ, "EDITOR": str(editor), "VISUAL": "",
                                                          "TMPDIR": str(plane.directory)})


def address(plane) -> str:
    return json.loads(plane.proa("get", "we", "a", "-n", "shop", "-o", "json").stdout)["spec"]["address"]


def test_edit(plane):
    plane.proa("apply", "-f", "-", text=entry("a"))
    assert edit(plane, "").stdout == "nothing was changed\n"
    told = edit(plane, "sed -i s/10.0.0.1/10.0.0.2/ $1")
    assert told.stdout == "workloadentry.networking.istio.io/a edited\n", told.stderr
    assert address(plane) == "10.0.0.2"
    assert not list(plane.directory.glob("proa-edit-*"))


def test_edit_comes_again_with_the_reason_and_the_line_it_is_in(plane):
    plane.proa("apply", "-f", "-", text=entry("a"))
    told = edit(plane, """case $round in
1) sed -i s/address:/adress:/ $1;;
2) sed -i 's/ adress: 10.0.0.1/ address: 10.0.0.3/' $1;;
esac""")
    assert told.returncode == 0 and address(plane) == "10.0.0.3", told.stderr
    lines = (plane.directory / "editor.seen.2").read_text().splitlines()
    reason = next(line for line in lines if "spec.adress" in line)
    assert reason.startswith("## ")
    assert "adress" in lines[int(reason.split(":")[1]) - 1]


def test_edit_loses_nothing_when_it_is_given_up(plane):
    plane.proa("apply", "-f", "-", text=entry("a"))
    told = edit(plane, "[ $round = 1 ] && sed -i s/address:/adress:/ $1; true")
    assert told.returncode == 1 and "nothing new was saved" in told.stderr
    kept, = plane.directory.glob("proa-edit-*")
    assert str(kept) in told.stderr and "adress: 10.0.0.1" in kept.read_text()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_edit_meets_somebody_who_was_faster(plane):
    plane.proa("apply", "-f", "-", text=entry("a"))
    binary = plane.program.argv[0]
    told = edit(plane, f"""case $round in
1) {binary} get --api $api we a -n shop -o yaml | sed s/10.0.0.1/10.0.0.7/ | {binary} apply --api $api -f - >/dev/null
   sed -i s/10.0.0.1/10.0.0.2/ $1;;
2) sed -i 's/resourceVersion: "1"/resourceVersion: "2"/' $1;;
esac""")
    assert told.returncode == 0 and address(plane) == "10.0.0.2", told.stderr
    seen = (plane.directory / "editor.seen.2").read_text()
    assert "## +  address: 10.0.0.7" in seen and "## +  resourceVersion: \"2\"" in seen


def test_everything_is_there_after_a_restart(plane):
    plane.proa("apply", "-f", "-", text=entry("a"))
    before = plane.proa("get", "-A", "-o", "yaml").stdout
    plane.stop(kill=True)
    plane.start()
    assert plane.proa("get", "-A", "-o", "yaml").stdout == before
    told = plane.proa("apply", "-f", "-", text=entry("b"))
    assert told.returncode == 0
    assert plane.proa("get", "we", "b", "-n", "shop").stdout.splitlines()[1].split()[3] == "2"


def test_copies_of_the_objects(plane):
    """What docs/control-plane.md says of backups."""
    plane.proa("apply", "-f", "-", text=entry("a") + "---\n" + entry("b", namespace="other"))
    text = plane.proa("get", "-A", "-o", "yaml").stdout
    copied, applied = StorePlane(), StorePlane()
    try:
        copied.store.mkdir(mode=0o700)
        shutil.copy2(plane.store / "objects.log", copied.store)     # while it runs
        assert copied.start().proa("get", "-A", "-o", "yaml").stdout == text
        applied.start()
        without = re.sub("^  resourceVersion:.*\n", "", text, flags=re.MULTILINE)
        assert applied.proa("apply", "-f", "-", text=without).returncode == 0
        assert applied.proa("get", "-A", "-o", "yaml").stdout == text
        assert applied.proa("diff", "-f", "-", text=without).returncode == 0
    finally:
        copied.remove()
        applied.remove()


def test_only_its_owner_may_ask(plane):
    assert stat.S_IMODE(plane.socket.stat().st_mode) == 0o600
    assert stat.S_IMODE(plane.store.stat().st_mode) == 0o700
    messages, services = stubs()
    with grpc.insecure_channel(f"127.0.0.1:{plane.port.port}") as channel:     # where proxies ask
        with pytest.raises(grpc.RpcError) as refused:
            services.ObjectsStub(channel).List(messages.ListRequest(), timeout=10)
        assert refused.value.code() == grpc.StatusCode.UNIMPLEMENTED


def test_a_store_has_one_control_plane(plane):
    told = plane.proa("control", "--store", str(plane.store), "--xds", "127.0.0.1:0")
    assert told.returncode == 1 and f"{plane.store} is in use by process {plane.program.pid}" in told.stderr


def test_a_damaged_store_is_refused_with_its_place(plane):
    plane.proa("apply", "-f", "-", text=entry("a"))
    plane.proa("apply", "-f", "-", text=entry("b"))
    plane.stop()
    log = plane.store / "objects.log"
    data = bytearray(log.read_bytes())
    data[60] ^= 1
    log.write_bytes(data)
    told = plane.proa("control", "--store", str(plane.store), "--xds", "127.0.0.1:0")
    assert told.returncode == 1 and f"{log}: at byte 32: the record is damaged" in told.stderr


def test_the_api_is_what_its_proto_says(plane):
    messages, services = stubs()
    with plane.channel() as channel:
        objects = services.ObjectsStub(channel)
        text = messages.Text(file="mine.yaml", text=entry("a") + "---\n" + entry("b"))
        applied = objects.Apply(messages.ApplyRequest(texts=[text]), timeout=10).applied
        assert [each.outcome for each in applied] == [messages.Applied.CREATED] * 2
        assert [each.resource_version for each in applied] == [1, 1]
        name = applied[0].name
        assert objects.Get(messages.GetRequest(name=name), timeout=10).resource_version == 1

        def refusal(call) -> tuple[grpc.StatusCode, str]:
            with pytest.raises(grpc.RpcError) as refused:
                call()
            return refused.value.code(), refused.value.details()
        code, details = refusal(lambda: objects.Apply(messages.ApplyRequest(
            texts=[messages.Text(file="mine.yaml", text=entry("c") + "  x: 1\n")]), timeout=10))
        assert code == grpc.StatusCode.INVALID_ARGUMENT and details.startswith("mine.yaml:8:3: WorkloadEntry shop/c: spec.x: ")
        stale = messages.DeleteRequest(objects=[messages.DeleteRequest.One(name=name, resource_version=7)])
        assert refusal(lambda: objects.Delete(stale, timeout=10))[0] == grpc.StatusCode.ABORTED
        name.name = "nobody"
        assert refusal(lambda: objects.Get(messages.GetRequest(name=name), timeout=10))[0] == grpc.StatusCode.NOT_FOUND


SERVICE = """
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {{name: a, namespace: shop}}
spec:
  hosts: [a.example.com]
  ports: [{{number: {port}, name: http, protocol: HTTP}}]
  resolution: STATIC
  endpoints: [{{address: 127.0.0.1, ports: {{http: {origin}}}}}]
"""
SIDECAR = """
---
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {{name: default, namespace: shop}}
spec:
  egress: [{{port: {{number: {port}, name: http, protocol: HTTP}}, hosts: ["./*"]}}]
"""


@pytest.mark.parametrize("kind", ["proa", "envoy"])
def test_what_is_applied_is_in_effect_in_a_proxy(kind, plane, tmp_path):
    origins, port, agent = [Origin("one"), Origin("two")], Reservation(), Agent(tmp_path)
    plane.proa("apply", "-f", "-", text=(SERVICE + SIDECAR).format(port=port.port, origin=origins[0].port))
    node = {**PRODUCTPAGE, "metadata": {**PRODUCTPAGE["metadata"], "INTERCEPTION_MODE": "NONE"}}
    port.release()
    proxy = sidecar(plane, agent, tmp_path / "proxy", kind, "DELTA_GRPC", node)
    try:
        def answer() -> bytes:
            try:
                with Http1Client(Dial(port.port)) as client:
                    return client.request("GET", "/", [("host", "a.example.com")]).body
            except (ConnectionRefusedError, ConnectionResetError):
                return b""
        wait_for(lambda: answer() == b"one", "the first origin")
        told = plane.proa("apply", "-f", "-", "--wait", text=SERVICE.format(port=port.port, origin=origins[1].port))
        assert told.returncode == 0 and told.stdout.endswith("taken by 1 proxy\n"), told.stderr
        assert answer() == b"two", "it is in effect when the command returns"
        assert plane.proa("delete", "se/a", "-n", "shop").returncode == 0
        wait_for(lambda: answer() != b"two", "the service to go", seconds=2)
    finally:
        for each in (proxy, agent, *origins):
            each.stop()


def test_who_watches_without_reading_holds_nothing_up(plane):
    """It is told of the newest state, not of each one before."""
    messages, services = stubs()
    rounds = 200    # of 40 kB: more than what gRPC reads ahead
    padding = ", annotations: {p: " + "x" * 40_000 + "}"
    with plane.channel() as channel:
        objects = services.ObjectsStub(channel)
        stream = objects.Watch(messages.ListRequest(), timeout=60)
        assert next(stream).complete
        for i in range(rounds):
            text = f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: a, labels: {{i: '{i}'}}{padding}}}\n"
            objects.Apply(messages.ApplyRequest(texts=[messages.Text(file="t", text=text)]), timeout=10)
        versions = []
        while not versions or versions[-1] < rounds:
            versions.append(next(stream).put.resource_version)
        assert versions == sorted(versions) and len(versions) < rounds
        stream.cancel()


class Sidecar(Stream):
    """A sidecar by hand, which says what the test wants it to say."""

    def send(self, **fields) -> None:
        request = api.new(REQUEST, **fields)
        request.node.id = PRODUCTPAGE["id"]
        self.requests.put(request.SerializeToString())

    def answer(self, reason: str = "") -> None:
        got = self.next()
        self.send(type_url=api.CLUSTER, response_nonce=got.nonce, version_info=got.version_info,
                  **({"error_detail": {"message": reason}} if reason else {}))


def test_wait_tells_who_is_late_and_who_refuses(plane):
    assert plane.proa("apply", "-f", "-", "--wait", text=entry("a")).stdout.endswith("taken by 0 proxies\n")
    with grpc.insecure_channel(f"127.0.0.1:{plane.port.port}") as channel:
        stream = Sidecar(channel)
        stream.send(type_url=api.CLUSTER)
        stream.answer()
        wait_for(lambda: "SYNCED" in plane.run("proxies", "--control", f"127.0.0.1:{plane.port.port}").stdout, "the answer")
        told = plane.proa("apply", "-f", "-", "--wait", "--wait-s", "1", text=SERVICE.format(port=80, origin=81))
        assert told.returncode == 1 and told.stderr == f"proa: {PRODUCTPAGE['id']} has not answered\n"
        stream.answer()
        with subprocess.Popen([binaries.proa(), "apply", "-f", "-", "--wait", "--api", plane.socket], text=True,
                              stdin=subprocess.PIPE, stderr=subprocess.PIPE) as apply:
            apply.stdin.write(SERVICE.format(port=82, origin=81))
            apply.stdin.close()
            stream.answer("I will not")
            assert apply.wait(10) == 1
            assert apply.stderr.read() == (f"proa: {PRODUCTPAGE['id']} refuses Cluster outbound|82||a.example.com: I will not\n")
