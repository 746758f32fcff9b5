"""python -m tests.istiod.refused: what proa-proxy does not accept, or accepts with a warning, of each capture."""
import re
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.istiod.agent import Agent, Identity
from tests.istiod.capture import NAMES, capture
from tests.istiod.namespace import Namespace
from tests.support.certs import Authority
from tests.support.deadline import TimedOut


def refusals(dump) -> list[str]:
    """Every `details` of an error_state, wherever it stands."""
    if isinstance(dump, list):
        return [text for one in dump for text in refusals(one)]
    if not isinstance(dump, dict):
        return []
    found = [dump["error_state"]["details"]] if "error_state" in dump else []
    return found + [text for key, one in dump.items() if key != "error_state" for text in refusals(one)]


def main() -> None:
    for name in sys.argv[1:] or NAMES:
        with Namespace(), tempfile.TemporaryDirectory() as scratch:
            directory = Path(scratch)
            agent = Agent(directory, capture(name), Identity(Authority(directory / "ca"), name), "DELTA_GRPC",
                          {"/etc/proa/certs": str(directory / "ca")})
            agent.start(wait=False, flags=("-l", "warn"))
            time.sleep(3)
            found = Counter()
            for refusal in refusals(agent.proxy.admin.json("/config_dump?include_eds")):
                for one in re.split(r"; (?=\S+: )", refusal):
                    found["refused: " + re.sub(r"\[\d+\]", "[]", one)[-220:]] += 1
            for line in agent.proxy.program.log.read_text().splitlines():
                if "refused: " not in line:
                    found["said: " + re.sub(r"\[\d+\]|^\S+ \S+ ", "[]", line)[:260]] += 1
            print(f"== {name}")
            for text, count in sorted(found.items()):
                print(f"{count:5} {text}")
            try:
                agent.stop()
            except TimedOut as error:
                print(error)


main()
