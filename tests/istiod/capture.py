"""What istiod sent, as the files of captures/ have it."""
import json
from functools import cache
from pathlib import Path

from tests.xds import api

HERE = Path(__file__).parent / "captures"
NAMES = ("productpage", "ratings", "gateway")
TYPES = (api.CLUSTER, api.ENDPOINTS, api.LISTENER, api.ROUTES)


class Capture:
    def __init__(self, name: str):
        read = json.loads((HERE / f"{name}.json").read_text())
        self.name = name
        self.node: dict = read["node"]
        self.resources: dict[str, list[dict]] = read["resources"]

    def of(self, type_url: str) -> dict[str, dict]:
        """By name; a copy of its own."""
        return {one.get("cluster_name") or one["name"]: json.loads(json.dumps(one))
                for one in self.resources.get(type_url, [])}


@cache
def capture(name: str) -> Capture:
    return Capture(name)


def replace_texts(value, changes: dict[str, str]):
    """`value` with each string that contains a key of `changes` changed; for paths of certificates."""
    if isinstance(value, dict):
        return {key: replace_texts(one, changes) for key, one in value.items()}
    if isinstance(value, list):
        return [replace_texts(one, changes) for one in value]
    if isinstance(value, str):
        for old, new in changes.items():
            value = value.replace(old, new)
    return value
