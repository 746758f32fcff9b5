"""The gRPC server under a client of gRPC's own."""
import queue
import signal

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from tests.control.plane import Plane
from tests.xds import api
from tests.xds.control_plane import ADS, DELTA_REQUEST, REQUEST, RESPONSE
from tests.xds.world import cluster

pytestmark = pytest.mark.proa_only


@pytest.fixture
def plane(tmp_path):
    made = Plane(tmp_path)
    made.write("one.yaml", (api.CLUSTER, cluster("one")))
    made.start()
    yield made
    made.stop()


class Stream:
    """A discovery stream by hand."""

    def __init__(self, channel: grpc.Channel, method: str = "StreamAggregatedResources"):
        self.requests: queue.Queue = queue.Queue()
        call = channel.stream_stream(f"/{ADS}/{method}", request_serializer=None, response_deserializer=None)
        self.call = call(iter(self.requests.get, None), timeout=20)

    def send(self, kind: str = REQUEST, **fields) -> None:
        request = api.new(kind, **fields)
        request.node.id = "by-hand"
        self.requests.put(request.SerializeToString())

    def next(self):
        return api.message_class(RESPONSE).FromString(next(self.call))

    def status(self) -> tuple[grpc.StatusCode, str]:
        with pytest.raises(grpc.RpcError) as error:
            next(self.call)
        return error.value.code(), error.value.details()


def test_health(plane):
    with plane.channel() as channel:
        health = health_pb2_grpc.HealthStub(channel)
        assert health.Check(health_pb2.HealthCheckRequest(), timeout=5).status == 1
        with pytest.raises(grpc.RpcError) as error:
            health.Check(health_pb2.HealthCheckRequest(service="nobody"), timeout=5)
        assert error.value.code() == grpc.StatusCode.NOT_FOUND


def test_a_stream_is_served_and_acknowledged(plane):
    with plane.channel() as channel:
        stream = Stream(channel)
        stream.send(type_url=api.CLUSTER)
        got = stream.next()
        assert len(got.resources) == 1 and got.nonce and got.version_info
        stream.send(type_url=api.CLUSTER, response_nonce=got.nonce, version_info=got.version_info)
        plane.write("two.yaml", (api.CLUSTER, cluster("two")))
        assert len(stream.next().resources) == 2
        stream.requests.put(None)
        assert list(stream.call) == []                # we have said all: it ends in good order
        assert stream.call.code() == grpc.StatusCode.OK


def test_large_responses_pass_flow_control(plane):
    plane.write("many.yaml", *[(api.CLUSTER, cluster(f"c{i}" + "x" * 500)) for i in range(4000)])
    plane.wait_log("4001 resources")
    with plane.channel() as channel:
        stream = Stream(channel)
        stream.send(type_url=api.CLUSTER)
        assert len(stream.next().resources) == 4001


def test_errors_have_their_codes(plane):
    with plane.channel() as channel:
        stream = Stream(channel)
        stream.requests.put(b"\xff\xff")
        assert stream.status()[0] == grpc.StatusCode.INVALID_ARGUMENT
        stream = Stream(channel, "DeltaAggregatedResources")
        stream.send(DELTA_REQUEST)
        assert stream.status() == (grpc.StatusCode.INVALID_ARGUMENT,
                                   "a request without type_url on an aggregated stream")
        stream = Stream(channel, "Nothing")
        assert stream.status()[0] == grpc.StatusCode.UNIMPLEMENTED
        unary = channel.unary_unary(f"/{ADS}/StreamAggregatedResources", request_serializer=None)
        with pytest.raises(grpc.RpcError) as error:
            unary(b"x" * (17 << 20), timeout=10)
        assert error.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED


def test_a_deadline_ends_a_stream(plane):
    with plane.channel() as channel:
        call = channel.stream_stream(f"/{ADS}/StreamAggregatedResources", request_serializer=None)(
            iter(queue.Queue().get, None), timeout=0.3)
        with pytest.raises(grpc.RpcError) as error:
            next(call)
        assert error.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED


def test_the_end_of_the_control_plane_ends_streams_in_good_order(plane):
    with plane.channel() as channel:
        stream = Stream(channel)
        stream.send(type_url=api.CLUSTER)
        stream.next()
        plane.program.signal(signal.SIGTERM)
        assert stream.status()[0] == grpc.StatusCode.UNAVAILABLE
        assert plane.program.wait_end() == 0
