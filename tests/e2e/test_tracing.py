"""Spans reach real collectors, and the context reaches the upstream."""
import json

import pytest
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as wire
from opentelemetry.proto.trace.v1 import trace_pb2

from tests.support.client_h1 import Http1Client
from tests.support.collector import Collector, resource_tags, spans_of, tags
from tests.support.deadline import wait_for
from tests.support.reply import Received, Reply

pytestmark = pytest.mark.proa_only
TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
FAST_FLUSH = """
bootstrap:
  layered_runtime:
    layers:
    - name: static
      static_layer: {tracing.opentelemetry.flush_interval_ms: 20, tracing.opentelemetry.min_flush_spans: 100,
                     tracing.zipkin.flush_interval_ms: 20}
"""
OTLP = "type.googleapis.com/envoy.config.trace.v3.OpenTelemetryConfig"
ZIPKIN = "type.googleapis.com/envoy.config.trace.v3.ZipkinConfig"


def config(provider: str, collector: str, more: str = "", listener: str = "") -> str:
    return f"""
listeners:
  main:
    listener: {{{listener}}}
    routes: [{{match: {{prefix: /}}, route: {{cluster: a}}, decorator: {{operation: shop.buy}}}}]
    hcm:
      tracing: {{provider: {{name: p, typed_config: {provider}}}, {more}}}
clusters:
  collector: {collector}
{FAST_FLUSH}"""


def over_grpc(collector: Collector, more: str = "", sampler: str = "", listener: str = "") -> str:
    provider = (f'{{"@type": {OTLP}, service_name: shop, {sampler} grpc_service: {{envoy_grpc: {{cluster_name: collector}},'
                f' timeout: 2s, initial_metadata: [{{key: x-token, value: secret}}]}}}}')
    cluster = (f"{{protocol: h2, endpoints: [], load_assignment: {{cluster_name: collector, endpoints: [{{lb_endpoints: ["
               f"{{endpoint: {{address: {{socket_address: {{address: 127.0.0.1, port_value: {collector.port}}}}}}}}}]}}]}}}}")
    return config(provider, cluster, more, listener)


@pytest.fixture
def collector():
    with Collector() as one:
        yield one


def get(world, *headers: tuple[str, str], path: str = "/"):
    with Http1Client(world.dial("main")) as client:
        return client.request("GET", path, [("host", "shop.test"), *headers])


def received(world) -> Received:
    return world.origins["a"].wait_requests(1)[0]


def header(message: Received, name: str) -> str | None:
    return dict(message.headers).get(name)


def test_a_span_reaches_an_otlp_grpc_collector(start, collector):
    world = start(over_grpc(collector))
    assert get(world, ("user-agent", "tester"), path="/buy?x=1").status == 200
    span = wait_for(collector.spans, "a span")[0]
    assert span.name == "shop.buy" and span.kind == trace_pb2.Span.SPAN_KIND_SERVER
    assert len(span.trace_id) == 16 and len(span.span_id) == 8 and span.parent_span_id == b""
    assert 0 < span.end_time_unix_nano - span.start_time_unix_nano < 10**10
    said = tags(span)
    assert said["http.url"] == "http://shop.test/buy?x=1"
    assert said["http.method"] == "GET" and said["http.status_code"] == "200" and said["http.protocol"] == "HTTP/1.1"
    assert said["component"] == "proxy" and said["upstream_cluster"] == "a" and said["response_flags"] == "-"
    assert said["user_agent"] == "tester" and said["peer.address"] == "127.0.0.1"
    assert said["guid:x-request-id"] == header(received(world), "x-request-id")
    assert "error" not in said and span.status.code == trace_pb2.Status.STATUS_CODE_UNSET
    assert resource_tags(collector.requests[0])["service.name"] == "shop"
    assert collector.metadata[0]["x-token"] == "secret"
    assert header(received(world), "traceparent") == f"00-{span.trace_id.hex()}-{span.span_id.hex()}-01"


def test_the_clients_trace_goes_on(start, collector):
    world = start(over_grpc(collector))
    get(world, ("traceparent", f"00-{TRACE}-{SPAN}-01"), ("tracestate", "a=1"))
    span = wait_for(collector.spans, "a span")[0]
    assert (span.trace_id.hex(), span.parent_span_id.hex(), span.trace_state) == (TRACE, SPAN, "a=1")
    assert header(received(world), "traceparent") == f"00-{TRACE}-{span.span_id.hex()}-01"
    assert header(received(world), "tracestate") == "a=1"


def test_what_the_client_does_not_sample_is_not_sent(start, collector):
    world = start(over_grpc(collector))
    get(world, ("traceparent", f"00-{TRACE}-{SPAN}-00"))
    assert header(received(world), "traceparent").startswith(f"00-{TRACE}-")
    assert header(received(world), "traceparent").endswith("-00")
    get(world)
    wait_for(collector.spans, "the span of the second request")
    assert [s.trace_id.hex() for s in collector.spans()] != [TRACE] and len(collector.spans()) == 1


def test_sampling_nothing_sends_nothing_and_says_so_upstream(start, collector):
    world = start(over_grpc(collector, more="random_sampling: {value: 0}, client_sampling: {value: 0}"))
    get(world, ("x-client-trace-id", "me"))
    assert header(received(world), "traceparent").endswith("-00")
    assert header(received(world), "x-request-id")[14] == "4"
    assert world.admin.stats("tracing")["http.main.tracing.not_traceable"] == 1


def test_custom_tags_and_attempts(start, collector):
    world = start(over_grpc(collector, more="""spawn_upstream_span: true, verbose: true, max_path_tag_length: 4, custom_tags: [
        {tag: fixed, literal: {value: always}}, {tag: from_header, request_header: {name: X-User, default_value: nobody}},
        {tag: from_format, value: "%REQ(:METHOD)%-%RESPONSE_CODE%"}, {tag: absent, request_header: {name: x-absent}}]"""))
    world.origins["a"].script = lambda _: Reply(status=503)
    get(world, ("x-user", "ann"), path="/long/path")
    spans = wait_for(lambda: len(collector.spans()) >= 2 and collector.spans(), "two spans")
    attempt, request = spans
    assert attempt.name == "router a egress" and attempt.kind == trace_pb2.Span.SPAN_KIND_CLIENT
    assert attempt.parent_span_id == request.span_id and attempt.trace_id == request.trace_id
    assert header(received(world), "traceparent").split("-")[2] == attempt.span_id.hex()
    said = tags(request)
    assert (said["fixed"], said["from_header"], said["from_format"]) == ("always", "ann", "GET-503")
    assert "absent" not in said and said["http.url"] == "http://shop.test/lon"
    assert said["error"] == "true" and request.status.code == trace_pb2.Status.STATUS_CODE_ERROR
    assert tags(attempt)["upstream_address"] == f"127.0.0.1:{world.port('a')}"
    assert "first_upstream_rx_byte_received" in [event.name for event in request.events]


def test_a_mirrored_request_has_a_span_of_its_own(start, collector):
    text = over_grpc(collector).replace(
        "route: {cluster: a}", "route: {cluster: a, request_mirror_policies: [{cluster: b}, {cluster: c, trace_sampled: false}]}").replace(
        "clusters:", "clusters:\n  b: {}\n  c: {}", 1)
    world = start(text)
    world.origins["b"].script = lambda _: Reply(status=503)
    get(world)
    spans = wait_for(lambda: len(collector.spans()) >= 2 and {s.name: s for s in collector.spans()}, "two spans")
    request, mirror = spans["shop.buy"], spans["mirror"]
    assert mirror.parent_span_id == request.span_id and mirror.trace_id == request.trace_id
    assert mirror.kind == trace_pb2.Span.SPAN_KIND_CLIENT and mirror.end_time_unix_nano >= mirror.start_time_unix_nano
    said = tags(mirror)
    assert said["upstream_cluster"] == "b" and said["upstream_address"] == f"127.0.0.1:{world.port('b')}"
    assert said["http.status_code"] == "503" and said["error"] == "true"
    contexts = {name: header(world.origins[name].wait_requests(1)[0], "traceparent").split("-") for name in "abc"}
    assert contexts["a"][2] == request.span_id.hex() and contexts["b"][2] == mirror.span_id.hex()
    assert contexts["c"][2] not in (contexts["a"][2], contexts["b"][2]) and contexts["c"][3] == "00"
    assert len(collector.spans()) == 2


def test_operations_travel_between_proxies(start, collector):
    inbound = start(over_grpc(collector, listener="traffic_direction: INBOUND"))
    assert get(inbound).header("x-envoy-decorator-operation") == ["shop.buy"]
    outbound = start(over_grpc(collector, listener="traffic_direction: OUTBOUND"))
    outbound.origins["a"].script = lambda _: Reply(headers=[("x-envoy-decorator-operation", "named.by.server")])
    answer = get(outbound)
    assert answer.header("x-envoy-decorator-operation") == []
    assert header(received(outbound), "x-envoy-decorator-operation") == "shop.buy"
    wait_for(lambda: "named.by.server" in [s.name for s in collector.spans()], "the outbound span")


def test_a_slow_collector_costs_no_request(start):
    with Collector(delay_s=5) as slow:
        world = start(over_grpc(slow).replace("timeout: 2s", "timeout: 0.1s"))
        for _ in range(20):
            assert get(world).status == 200
        wait_for(lambda: world.admin.stats("tracing").get("tracing.opentelemetry.reports_failed", 0) > 0, "a failed report")


def test_a_refused_batch_is_counted_and_not_repeated(start):
    with Collector(refuse=True) as one:
        world = start(over_grpc(one))
        get(world)
        wait_for(lambda: world.admin.stats("tracing").get("tracing.opentelemetry.reports_failed", 0) == 1, "the failure")
        assert world.admin.stats("tracing")["tracing.opentelemetry.spans_sent"] == 1


def test_otlp_over_http(start):
    provider = (f'{{"@type": {OTLP}, http_service: {{http_uri: {{uri: "http://collector.test/v1/traces", cluster: collector,'
                f' timeout: 1s}}, request_headers_to_add: [{{header: {{key: X-Key, value: k}}}}]}}}}')
    world = start(config(provider, "{}"), origins={"collector": {}})
    get(world)
    sent = world.origins["collector"].wait_requests(1)[0]
    assert sent.line.startswith("POST /v1/traces ")
    assert header(sent, "content-type") == "application/x-protobuf" and header(sent, "x-key") == "k"
    request = wire.ExportTraceServiceRequest.FromString(sent.body)
    assert spans_of(request)[0].name == "shop.buy"
    assert resource_tags(request)["service.name"] == "unknown_service:envoy"
    wait_for(lambda: world.admin.stats("tracing").get("tracing.opentelemetry.reports_sent") == 1, "the report")


def test_zipkin_shares_the_clients_span(start):
    provider = (f'{{"@type": {ZIPKIN}, collector_cluster: collector, collector_endpoint: /api/v2/spans,'
                f' collector_endpoint_version: HTTP_JSON}}')
    world = start(config(provider, "{}"), origins={"collector": {}}, flags=("--service-cluster", "front"))
    get(world, ("b3", f"{TRACE[16:]}-{SPAN}-1"))
    sent = world.origins["collector"].wait_requests(1)[0]
    span, = json.loads(sent.body)
    assert (span["traceId"], span["id"], span["shared"], span["kind"]) == (TRACE[16:], SPAN, True, "SERVER")
    assert span["localEndpoint"] == {"serviceName": "front"} and span["tags"]["http.method"] == "GET"
    assert header(received(world), "x-b3-traceid") == TRACE[16:] and header(received(world), "x-b3-sampled") == "1"
    assert header(received(world), "b3") == f"{TRACE[16:]}-{SPAN}-1"
    assert header(received(world), "traceparent") is None


def test_without_a_provider_trace_headers_pass_untouched(start):
    world = start("listeners: {main: {hcm: {tracing: {}}}}")
    mine = [("traceparent", "00-nonsense"), ("tracestate", "A=1"), ("b3", "x"), ("x-b3-traceid", "y"),
            ("x-ot-span-context", "z"), ("baggage", "k=v")]
    get(world, *mine)
    assert [pair for pair in received(world).headers if pair in mine] == mine
    assert header(received(world), "x-request-id")[14] == "9"  # sampled, for those who have a provider
