"""Updates of which some are bad: each of these is named, and has no effect at all."""
import random

from tests.support.deadline import wait_for
from tests.support.scale import scaled
from tests.xds import api
from tests.xds.world import assignment, cluster, routes

UPDATES = scaled(300, whole=5000)
BAD = 0.01                        # of the updates, drawn anew in each run; one at least


def bad_cluster(name: str) -> dict:
    return cluster(name, lb_policy="CLUSTER_PROVIDED")


def bad_routes(name: str) -> dict:
    return {"name": name, "virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [
        {"match": {"safe_regex": {"regex": "("}}, "route": {"cluster": "a"}}]}]}


def test_each_bad_update_is_named_and_without_effect(world):
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    draw = random.Random(seed)
    world.serve_one()
    world.control.set(api.CLUSTER, cluster("b"))
    world.control.set(api.ENDPOINTS, assignment("b", world.origins["b"].port))
    world.start()
    world.wait_answered_by("a")
    bad_ones = {draw.randrange(UPDATES) for _ in range(max(1, int(UPDATES * BAD)))}
    target = "a"
    for number in range(UPDATES):
        type_url = draw.choice((api.CLUSTER, api.ROUTES))
        if number in bad_ones:
            body, said = ((bad_cluster("b"), "b: lb_policy: ") if type_url == api.CLUSTER else
                          (bad_routes("r"), "r: virtual_hosts[0].routes[0].match.safe_regex.regex: "))
            error = world.control.wait_answer(type_url, world.control.set(type_url, body)).error
            assert said in error, (seed, number, error)
            assert world.answered_by() == target, (seed, number)
            # What was bad stays refused beside what is good: the next update of that resource mends it.
            world.control.set(type_url, cluster("b") if type_url == api.CLUSTER else routes("r", target))
        elif type_url == api.CLUSTER:
            version = world.control.set(api.CLUSTER, cluster("b", connect_timeout=f"{draw.randint(1, 9)}s"))
            assert world.control.wait_answer(api.CLUSTER, version).error == "", (seed, number)
        else:
            target = draw.choice("ab")
            version = world.control.set(api.ROUTES, routes("r", target))
            assert world.control.wait_answer(api.ROUTES, version).error == "", (seed, number)
    wait_for(lambda: world.answered_by() == target, "the last good routes")
