"""kill -9 of `proa control` at seeded moments, while a client applies and deletes: what was acknowledged is there.

PROA_KILL_ROUNDS=200 is the whole test; PROA_SEED another course of it."""
import os
import random
import threading

import grpc
import pytest

from tests.control.store_plane import StorePlane, stubs

pytestmark = pytest.mark.proa_only
ROUNDS = int(os.environ.get("PROA_KILL_ROUNDS", "50"))
SEED = int(os.environ.get("PROA_SEED", "1"))


def text(name: str, value: int, padding: int) -> str:
    return f"""apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: {{name: {name}, namespace: shop, annotations: {{value: "{value}", padding: p{"x" * padding}}}}}
spec: {{address: 10.0.0.1}}
---
"""


class Client:
    """One that knows what was acknowledged, and what the call under way would make of it."""

    def __init__(self, plane: StorePlane, seed: int):
        self.plane = plane
        self.random = random.Random(seed)
        self.messages, self.services = stubs()
        self.acknowledged: dict[str, int] = {}
        self.under_way: dict[str, int] | None = None
        self.value = self.calls = self.torn = 0

    def name(self, name: str):
        kind = self.messages.Kind(group="networking.istio.io", kind="WorkloadEntry")
        return self.messages.Name(kind=kind, namespace="shop", name=name)

    def change(self, objects) -> None:
        names = self.random.sample(["a", "b", "c", "d", "e"], self.random.randint(1, 3))
        after = dict(self.acknowledged)
        if self.random.random() < 0.3:
            for name in names:
                after.pop(name, None)
            self.under_way = after
            objects.Delete(self.messages.DeleteRequest(
                objects=[self.messages.DeleteRequest.One(name=self.name(name)) for name in names], ignore_not_found=True),
                timeout=10)
        else:
            self.value += 1
            after.update({name: self.value for name in names})
            self.under_way = after
            padding = self.random.choice((0, 1000, 100_000))    # so that the log is written anew now and then
            texts = "".join(text(name, self.value, padding) for name in names)
            objects.Apply(self.messages.ApplyRequest(texts=[self.messages.Text(file="t", text=texts)]), timeout=10)
        self.acknowledged, self.under_way = after, None
        self.calls += 1

    def until_it_dies(self) -> None:
        with self.plane.channel() as channel:
            objects = self.services.ObjectsStub(channel)
            try:
                while True:
                    self.change(objects)
            except grpc.RpcError as error:
                assert error.code() == grpc.StatusCode.UNAVAILABLE, error

    def look(self) -> None:
        """All that is there is what was acknowledged, and of the call under way all or nothing."""
        with self.plane.channel() as channel:
            listed = self.services.ObjectsStub(channel).List(self.messages.ListRequest(), timeout=10).objects
        found = {each.name.name: int(each.text.split('value: "')[1].split('"')[0]) for each in listed}
        assert found in (self.acknowledged, self.under_way), (found, self.acknowledged, self.under_way)
        self.torn += found == self.under_way != self.acknowledged
        self.acknowledged = found


def test_nothing_acknowledged_is_lost():
    plane = StorePlane("-l", "debug")
    client = Client(plane, SEED)
    moments = random.Random(SEED)
    try:
        for round in range(ROUNDS):
            plane.start()
            client.look()
            client.under_way = None
            thread = threading.Thread(target=client.until_it_dies)
            thread.start()
            threading.Event().wait(moments.uniform(0.0, 0.2))   # the moment is what is tested
            plane.stop(kill=True)
            thread.join(20)
            assert not thread.is_alive(), f"round {round}"
        plane.start()
        client.look()
        assert client.calls > ROUNDS
        print(f"{ROUNDS} kills, {client.calls} calls acknowledged, {client.torn} calls done but not acknowledged, "
              f"{plane.log().count('never finished')} torn ends, {plane.log().count('bytes instead of')} compactions")
    finally:
        plane.remove()
