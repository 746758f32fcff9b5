"""Prints a feature's whole configuration with example ports, to try by hand.

    python -m tests.parity.config FEATURE > envoy.json
"""
import json
import sys

from tests.parity import expand
from tests.parity.registry import features
from tests.parity.world import DEFAULT_ORIGINS
from tests.support import certs


def main(name: str) -> None:
    feature = next(f for f in features() if f.name == name)
    names = [*DEFAULT_ORIGINS, *feature.origins, "refused", *expand.listener_names(feature.config)]
    places: dict[str, object] = {"log.path": "/dev/stdout", "dir": "/tmp", **certs.paths()}
    for port, thing in enumerate(dict.fromkeys(names), 10001):
        places[thing], places[f"{thing}.port"] = f"127.0.0.1:{port}", port
    print(json.dumps(expand.fill(expand.bootstrap(feature.config), places), indent=1))


if __name__ == "__main__":
    main(sys.argv[1])
