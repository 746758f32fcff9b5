#!/usr/bin/env python3
"""The demo: proa-proxy as the gateway of services in Python, Go and Node.

    run.py           starts everything, tells what it saw, and stays until Ctrl-C
    run.py --once    ends after the story; exit code 0 only if all of it was true
"""
import argparse
import pathlib
import signal
import sys
import tempfile
import traceback

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from story import Story  # noqa: E402
from world import PROXY, World  # noqa: E402


def say(text=""):
    print(text, flush=True)


def tell(story):
    """False when a chapter did not go as told."""
    good = True
    for number, chapter in enumerate(story.chapters(), 1):
        say(f"\n  {number}. {chapter.__doc__.splitlines()[0]}")
        try:
            say(f"     {chapter()}")
        except Exception as error:  # told, and the next chapter goes on
            good = False
            where = traceback.extract_tb(error.__traceback__)[-1]
            say(f"     FAILED: {type(error).__name__}: {error} (story.py, {where.name})")
    return good


def by_hand(world):
    ports = world.ports
    say(f"""
Try it:

  curl http://127.0.0.1:{ports['clear']}/shop/items
  curl -i http://127.0.0.1:{ports['clear']}/shop/flaky
  curl --cacert {world.certificate} https://localhost:{ports['secure']}/shop/items
  curl -X POST http://127.0.0.1:{ports['shop_1']}/sick       # one instance falls sick; /well heals it
  grpcurl -plaintext -d '{{"name": "you"}}' 127.0.0.1:{ports['clear']} demo.Greeter/Greet
  grpcurl -cacert {world.certificate} -d '{{"to": 3}}' localhost:{ports['secure']} demo.Greeter/Count
  printf 'ahoy\\n' | nc -q1 127.0.0.1 {ports['tcp']}
  curl http://127.0.0.1:{ports['admin']}/clusters
  tail -f {world.access_log}

The configuration: {world.config}
Change it, then:   kill -HUP {world.processes.pids['proa-proxy']}
""")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--once", action="store_true")
    once = parser.parse_args().once
    if not PROXY.exists():
        sys.exit(f"{PROXY} is not there: make build")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with tempfile.TemporaryDirectory(prefix="proa-demo-") as folder:
        world = World(folder, say)
        try:
            say("Starting three services and the gateway before them ...")
            world.start()
            for reason in world.left_out:
                say(f"left out: {reason}")
            good = tell(Story(world))
            if world.processes.dead():
                good = False
                say(f"\nended by themselves: {', '.join(world.processes.dead())}")
            if once:
                say("\nEverything was as told." if good else "\nNot everything was as told.")
                sys.exit(0 if good else 1)
            by_hand(world)
            say("Ctrl-C ends it all.")
            signal.pause()
        except KeyboardInterrupt:
            say("\nEnding.")
        finally:
            world.stop()


if __name__ == "__main__":
    main()
