"""--state-dir: a proxy starts and serves without its control plane."""
import stat
import time

import pytest

from tests.support.deadline import wait_for
from tests.xds import api
from tests.xds.world import assignment

pytestmark = pytest.mark.proa_only


def started(world, folder):
    world.start(flags=("--state-dir", str(folder), "--component-log-level", "xds:warning"))


def saved_once(world, folder):
    """A first run, with its control plane."""
    world.serve_one()
    started(world, folder)
    assert world.answered_by() == "a"
    world.proxy.stop()
    file, = folder.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 and stat.S_IMODE(folder.stat().st_mode) == 0o700
    return file


def test_a_proxy_serves_without_its_control_plane(world, tmp_path):
    saved_once(world, tmp_path / "state")
    world.control.stop()
    begun = time.monotonic()
    started(world, tmp_path / "state")
    world.wait_answered_by("a")
    assert time.monotonic() - begun < 5, "it waits for the control plane"       # speed is measured elsewhere
    assert world.proxy.admin.stats("control_plane")["control_plane.using_saved_state"] == 1
    world.control.set(api.ENDPOINTS, assignment("a", world.origins["b"].port))
    world.control.start()
    world.wait_answered_by("b")
    wait_for(lambda: world.proxy.admin.stats("control_plane")["control_plane.using_saved_state"] == 0, "the new state")


def test_a_damaged_file_is_said_and_not_used(world, tmp_path):
    file = saved_once(world, tmp_path / "state")
    file.write_bytes(file.read_bytes()[:-1])
    started(world, tmp_path / "state")
    assert world.answered_by() == "a"
    assert f"{file}: is damaged; it is not used" in world.proxy.program.output(100)
