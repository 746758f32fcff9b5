"""proa sidecar run: who starts and ends when, and with what exit code."""
import json
import os
import signal
import threading

import pytest

from tests.mesh.mesh import Control, Pair, Sidecar, alive, app
from tests.support.deadline import wait_for
from tests.support.ports import Reservation

pytestmark = pytest.mark.proa_only


@pytest.fixture
def control(tmp_path):
    made = Control(tmp_path).start()
    yield made
    made.stop()


@pytest.fixture
def pair(tmp_path):
    made = Pair(tmp_path, code=42)
    yield made
    made.stop()


@pytest.mark.parametrize("command, code", [(["sh", "-c", "exit 7"], 7), (["sh", "-c", "kill -9 $$"], 137),
                                           (["/nowhere/at/all"], 127), (["/tmp"], 126)])
def test_the_exit_code_is_that_of_the_command(control, command, code):
    sidecar = Sidecar(control, "a", "127.0.0.2", command=command)
    assert sidecar.program.wait_end(30) == code
    assert not alive(sidecar.proxy_pid())


def test_a_wrong_token_starts_nothing(control):
    sidecar = Sidecar(control, "a", "127.0.0.2", command=["sleep", "60"], token="0" * 64)
    assert sidecar.program.wait_end(20) == 1
    assert "the token is not known" in sidecar.log()
    assert " is process " not in sidecar.log()


def test_a_token_is_good_once(control):
    token = control.token("a")
    first = Sidecar(control, "a", "127.0.0.2", command=["true"], token=token)
    assert first.program.wait_end(30) == 0
    second = Sidecar(control, "again", "127.0.0.2", command=["true"], token=token)
    assert second.program.wait_end(20) == 1


def test_a_kept_certificate_needs_no_token(control):
    kept = control.directory / "kept.pem"
    sidecar = Sidecar(control, "a", "127.0.0.2", "--identity-file", kept, command=["true"])
    assert sidecar.program.wait_end(30) == 0
    assert kept.stat().st_mode & 0o777 == 0o600
    again = Sidecar(control, "a", "127.0.0.2", "--identity-file", kept, command=["sh", "-c", "exit 3"], token="")
    assert again.program.wait_end(30) == 3


def test_without_the_control_plane_it_waits_and_goes_on(control):
    token = control.token("a")
    control.kill()
    sidecar = Sidecar(control, "a", "127.0.0.2", command=["sh", "-c", "exit 5"], token=token)
    sidecar.wait_log("again in")
    assert " is process " not in sidecar.log()
    control.start()
    assert sidecar.program.wait_end(30) == 5


def test_sigterm_drains_and_then_ends_the_command(pair):
    pair.answer()
    answers = []
    slow = threading.Thread(target=lambda: answers.append(pair.call("/slow/1").status))
    slow.start()
    wait_for(lambda: pair.b.admin.stats("http.inbound.*downstream_rq_active").values() and sum(
        pair.b.admin.stats("http.inbound.*downstream_rq_active").values()), "the request to be under way")
    pair.b.program.signal(signal.SIGTERM)
    wait_for(lambda: pair.b.get("status", "/healthz/ready")[0] == 503, "not ready")
    assert "app b: SIGTERM" not in pair.b.log()
    slow.join(10)
    assert answers == [200]
    assert pair.b.program.wait_end(15) == 42
    assert "app b: SIGTERM" in pair.b.log()
    assert not alive(pair.b.proxy_pid())


def test_other_signals_go_to_the_command(pair):
    pair.b.program.signal(signal.SIGUSR1)
    pair.b.wait_log("app b: SIGUSR1")
    assert pair.answer()["name"] == "b"


def test_a_command_that_does_not_end_is_killed(control):
    sidecar = Sidecar(control, "a", "127.0.0.2", "--stop-s", "1",
                      command=["sh", "-c", "trap '' TERM; echo trapped; while :; do sleep 1; done"])
    sidecar.wait_log("trapped")
    sidecar.program.signal(signal.SIGTERM)
    assert sidecar.program.wait_end(15) == 137


def test_a_dead_proxy_is_started_again_and_the_command_lives(pair):
    before = pair.answer()
    old = pair.b.proxy_pid()
    os.kill(old, signal.SIGKILL)
    pair.b.wait_log("the proxy is ready", 2)
    after = pair.answer()
    assert after["pid"] == before["pid"]
    assert pair.b.proxy_pid() != old


def test_a_dead_agent_leaves_nothing_behind(pair):
    pair.answer()
    pids = pair.b.proxy_pid(), pair.answer()["pid"]
    pair.b.program.signal(signal.SIGKILL)
    wait_for(lambda: not any(alive(pid) for pid in pids), "both to end")


def test_a_dead_control_plane_leaves_traffic_going(pair):
    pair.answer()
    pair.control.kill()
    assert all(pair.call().status == 200 for _ in range(200))


def test_a_proxy_alone_runs_until_sigterm(control):
    sidecar = Sidecar(control, "a", "127.0.0.2")
    sidecar.wait_log("the proxy is ready")
    assert sidecar.get("readiness", "/healthz/ready")[0] == 200
    assert sidecar.get("status", "/quitquitquit")[0] == 405
    assert sidecar.get("status", "/quitquitquit", "POST")[0] == 200
    assert sidecar.program.wait_end(15) == 0
    assert not alive(sidecar.proxy_pid())


def test_a_proxy_that_is_no_program_is_told_of(control):
    sidecar = Sidecar(control, "a", "127.0.0.2", kind="/nowhere/proxy", command=["true"])
    assert sidecar.program.wait_end(20) == 1
    assert "/nowhere/proxy" in sidecar.log()


def test_applications_metrics_are_merged(control):
    port = Reservation()
    port.release()
    sidecar = Sidecar(control, "a", "127.0.0.2", "--app-metrics", f"{port.port}/metrics", command=app("a", port.port))
    sidecar.wait_log("app a: serving")
    status, text = sidecar.get("status", "/stats/prometheus")
    assert status == 200
    for line in ("app_up 1", "envoy_server_live{} 1", "proa_sidecar_certificate_renewals_total 1",
                 'proa_sidecar_scrape_failures_total{of="application"} 0'):
        assert f"{line}\n" in text, line
    assert "envoy_server_live" in sidecar.get("metrics", "/stats/prometheus")[1]
    sidecar.stop()


def test_probes_ask_the_application(control):
    port = Reservation()
    port.release()
    probes = {"/app-health/a/readyz": {"httpGet": {"path": "/status/418", "port": port.port}},
              "/app-health/a/livez": {"tcpSocket": {"port": port.port}},
              "/app-health/a/startupz": {"tcpSocket": {"port": 1}}}
    sidecar = Sidecar(control, "a", "127.0.0.1", command=app("a", port.port),
                      env={"ISTIO_KUBE_APP_PROBERS": json.dumps(probes)})
    sidecar.wait_log("app a: serving")
    assert sidecar.get("status", "/app-health/a/readyz")[0] == 418
    assert sidecar.get("status", "/app-health/a/livez")[0] == 200
    assert sidecar.get("status", "/app-health/a/startupz")[0] == 500
    assert sidecar.get("status", "/app-health/b/readyz")[0] == 404
    sidecar.stop()


def test_a_gateway_has_an_identity_too(control):
    gateway = Sidecar(control, "ingress", "127.0.0.2", "--gateway")
    gateway.wait_log("the proxy is ready")
    assert "router~127.0.0.2~" in gateway.log()
    assert "spiffe://cluster.local/ns/shop/sa/ingress" in gateway.log()
    gateway.stop()
