"""Envoy's API in Python, from the descriptors that the build made: no second copy of it is needed."""
from functools import cache
from pathlib import Path

from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

DESCRIPTORS = Path(__file__).parents[2] / "build/gen/envoy.ds"
PREFIX = "type.googleapis.com/"

CLUSTER = PREFIX + "envoy.config.cluster.v3.Cluster"
ENDPOINTS = PREFIX + "envoy.config.endpoint.v3.ClusterLoadAssignment"
LISTENER = PREFIX + "envoy.config.listener.v3.Listener"
ROUTES = PREFIX + "envoy.config.route.v3.RouteConfiguration"
SECRET = PREFIX + "envoy.extensions.transport_sockets.tls.v3.Secret"


@cache
def pool() -> descriptor_pool.DescriptorPool:
    files = descriptor_pb2.FileDescriptorSet.FromString(DESCRIPTORS.read_bytes())
    made = descriptor_pool.DescriptorPool()
    for file in files.file:
        made.Add(file)
    return made


@cache
def message_class(name: str):
    return message_factory.GetMessageClass(pool().FindMessageTypeByName(name))


def new(name: str, **fields):
    return message_class(name)(**fields)


def parse(type_url: str, value: dict):
    """A message from its JSON form, with Any inside."""
    return json_format.ParseDict(value, message_class(type_url.removeprefix(PREFIX))(), descriptor_pool=pool())


def packed(message):
    packed_message = new("google.protobuf.Any")
    packed_message.type_url = PREFIX + message.DESCRIPTOR.full_name
    packed_message.value = message.SerializeToString(deterministic=True)
    return packed_message


def name_of(message) -> str:
    return message.cluster_name if message.DESCRIPTOR.name == "ClusterLoadAssignment" else message.name
