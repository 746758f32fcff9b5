"""The same resources from files that are watched (path_config_source)."""
import json
import os
from pathlib import Path

import pytest

from tests.support.client import Dial
from tests.support.client_h1 import Http1Client
from tests.support.deadline import wait_for
from tests.support.origin import Origin
from tests.support.ports import Reservation
from tests.support.proxy import Proxy
from tests.xds import api
from tests.xds.world import assignment, manager, routes, socket_address


class Files:
    def __init__(self, directory: Path):
        self.directory = directory
        directory.mkdir()

    def source(self, name: str) -> dict:
        return {"path_config_source": {"path": str(self.directory / name)}, "resource_api_version": "V3"}

    def write(self, name: str, type_url: str, *resources: dict) -> None:
        """As whoever writes such files must: whole, by renaming."""
        text = json.dumps({"version_info": "1", "resources": [{"@type": type_url, **one} for one in resources]})
        self.write_text(name, text)

    def write_text(self, name: str, text: str) -> None:
        (self.directory / "new").write_text(text)
        os.rename(self.directory / "new", self.directory / name)


@pytest.fixture
def origins():
    made = {name: Origin(name) for name in "ab"}
    yield made
    for origin in made.values():
        origin.stop()


@pytest.fixture
def port():
    reservation = Reservation()
    yield reservation.port
    reservation.release()


@pytest.fixture
def files(tmp_path, origins, port) -> Files:
    made = Files(tmp_path / "files")
    made.write("eds.yaml", api.ENDPOINTS, assignment("a", origins["a"].port))
    made.write("rds.yaml", api.ROUTES, routes("r", "a"))
    made.write("cds.yaml", api.CLUSTER, {"name": "a", "type": "EDS", "eds_cluster_config": {
        "eds_config": made.source("eds.yaml")}})
    rds = {"config_source": made.source("rds.yaml"), "route_config_name": "r"}
    made.write("lds.yaml", api.LISTENER, {"name": "main", "address": socket_address(port), "filter_chains": [
        {"filters": [manager(rds=rds)]}]})
    return made


@pytest.fixture
def proxy(kind, tmp_path, files):
    bootstrap = {"node": {"id": "n", "cluster": "c"}, "dynamic_resources": {
        "lds_config": files.source("lds.yaml"), "cds_config": files.source("cds.yaml")}}
    with Proxy(bootstrap, tmp_path / "proxy", kind) as running:
        yield running


def ask(port: int) -> str:
    with Http1Client(Dial(port)) as client:
        answer = client.request("GET", "/", [("host", "test")])
        return answer.body.decode() if answer.status == 200 else str(answer.status)


def test_files_are_followed(proxy, files, origins, port):
    assert ask(port) == "a"
    files.write("eds.yaml", api.ENDPOINTS, assignment("a", origins["b"].port))
    wait_for(lambda: ask(port) == "b", "the new endpoint")
    files.write("rds.yaml", api.ROUTES, {"name": "r", "virtual_hosts": [{"name": "v", "domains": ["*"], "routes": [
        {"match": {"prefix": "/"}, "direct_response": {"status": 418}}]}]})
    wait_for(lambda: ask(port) == "418", "the new routes")


def test_a_bad_file_keeps_the_old(proxy, files, origins, port):
    assert ask(port) == "a"
    files.write_text("eds.yaml", "resources: [")
    files.write("rds.yaml", api.ROUTES, {"name": "r", "virtual_hosts": [{"name": "v", "domains": []}]})
    files.write("cds.yaml", api.CLUSTER, {"name": "a", "type": "EDS", "eds_cluster_config": {
        "eds_config": files.source("eds.yaml")}}, {"name": "b", "type": "STATIC"})
    wait_for(lambda: proxy.admin.stats("cluster_manager.active_clusters")["cluster_manager.active_clusters"] == 2,
             "what came after the bad files")
    assert ask(port) == "a"
