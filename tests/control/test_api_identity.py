"""--secure-api: objects are changed over TLS by those who are named, and by nobody else."""
import grpc
import pytest

from tests.control.store_plane import StorePlane, stubs
from tests.control.test_apply import entry
from tests.support.ports import Reservation

pytestmark = pytest.mark.proa_only


class SecurePlane(StorePlane):
    def __init__(self):
        self.secure = Reservation()
        super().__init__("--secure-api", f"127.0.0.1:{self.secure.port}", "--api-identity", "ops/admin")
        self.ca = self.directory / "ca"
        self.flags += ("--ca", str(self.ca))
        self.secure.release()
        self.start()

    def issue(self, account: str, namespace: str = "ops") -> str:
        path = self.directory / f"{namespace}-{account}.pem"
        told = self.run("ca", "issue", "--ca", self.ca, "--namespace", namespace, "--service-account", account, "--out", path)
        assert told.returncode == 0, told.stderr
        return str(path)

    def ask(self, *words: str, text: str = ""):
        return self.run(*words, "--api", f"127.0.0.1:{self.secure.port}", text=text)


@pytest.fixture
def plane():
    made = SecurePlane()
    yield made
    made.remove()


def test_who_is_named_may_change_objects(plane):
    admin = plane.issue("admin")
    told = plane.ask("apply", "-f", "-", "--identity", admin, text=entry("a"))
    assert told.returncode == 0, told.stderr
    assert "spiffe://cluster.local/ns/ops/sa/admin changes WorkloadEntry shop/a: version 1" in plane.log()
    assert plane.ask("get", "we/a", "-n", "shop", "--identity", admin, "-o", "name").stdout.endswith("/a\n")


def test_nobody_else_may_even_look(plane):
    plane.proa("apply", "-f", "-", text=entry("a"))
    for account, namespace in (("other", "ops"), ("admin", "default")):
        told = plane.ask("get", "-A", "--identity", plane.issue(account, namespace))
        assert told.returncode == 1 and not told.stdout
        assert f"spiffe://cluster.local/ns/{namespace}/sa/{account} may not call" in told.stderr
    told = plane.ask("get", "-A")
    assert told.returncode == 1 and "needs --identity" in told.stderr
    messages, services = stubs()
    credentials = grpc.ssl_channel_credentials((plane.ca / "root-cert.pem").read_bytes())
    with grpc.secure_channel(f"127.0.0.1:{plane.secure.port}", credentials,
                             options=[("grpc.ssl_target_name_override", "istiod.istio-system.svc")]) as channel:
        with pytest.raises(grpc.RpcError) as refused:
            services.ObjectsStub(channel).List(messages.ListRequest(), timeout=10)
        assert refused.value.code() == grpc.StatusCode.UNAUTHENTICATED


def test_the_control_plane_proves_itself_too(plane):
    stranger = SecurePlane()
    try:
        told = plane.ask("get", "-A", "--identity", stranger.issue("admin"))
        assert told.returncode == 1 and "127.0.0.1" in told.stderr and not told.stdout
        told = plane.ask("get", "-A", "--identity", plane.issue("admin"), "--control-name", "other.example")
        assert told.returncode == 1 and "127.0.0.1" in told.stderr
    finally:
        stranger.remove()


def test_secure_api_needs_all_it_is_made_of(plane):
    for missing in (("--secure-api", "127.0.0.1:0"), ("--secure-api", "127.0.0.1:0", "--api-identity", "a/b"),):
        assert plane.run("control", "--store", plane.directory / "other", *missing).returncode == 2
    told = plane.run("control", "--store", plane.directory / "other", "--ca", plane.directory / "other-ca", "--api",
                     plane.directory / "other-api", "--xds", "127.0.0.1:0", "--secure-api", "127.0.0.1:0", "--api-identity", "nobody")
    assert told.returncode == 1 and "'nobody' is no NAMESPACE/ACCOUNT" in told.stderr
