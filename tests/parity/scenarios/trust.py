"""Who the client is, and which of its headers are believed."""
from tests.parity.feature import Feature, get

_INTERNAL = "internal_address_config: {cidr_ranges: [{address_prefix: 127.0.0.0, prefix_len: 8}, {address_prefix: 10.0.0.0, prefix_len: 8}]}"
XFF = Feature("client_address", f"""
listeners:
  plain: {{}}
  edge: {{hcm: {{use_remote_address: true}}}}
  edge_hops1: {{hcm: {{use_remote_address: true, xff_num_trusted_hops: 1}}}}
  edge_hops2: {{hcm: {{use_remote_address: true, xff_num_trusted_hops: 2}}}}
  edge_skip: {{hcm: {{use_remote_address: true, skip_xff_append: true}}}}
  hops1: {{hcm: {{xff_num_trusted_hops: 1}}}}
  hops2: {{hcm: {{xff_num_trusted_hops: 2}}}}
  internal: {{hcm: {{use_remote_address: true, {_INTERNAL}}}}}
  behind_internal: {{hcm: {{{_INTERNAL}}}}}
  port: {{hcm: {{use_remote_address: true, append_x_forwarded_port: true}}}}
  internal_only: {{hcm: {{use_remote_address: true}}, route_config: {{internal_only_headers: [x-internal-a, x-internal-b]}}}}
  scheme: {{hcm: {{scheme_header_transformation: {{scheme_to_overwrite: https}}}}}}
""")
ALL = ["plain", "edge", "edge_hops1", "edge_hops2", "edge_skip", "hops1", "hops2", "internal", "behind_internal"]
for listener in ALL:
    XFF.case(f"{listener}_no_xff", get("/"), listener=listener)
    XFF.case(f"{listener}_three_hops", get("/", ("x-forwarded-for", "1.1.1.1, 2.2.2.2,10.3.3.3")), listener=listener)
    XFF.case(f"{listener}_garbage", get("/", ("x-forwarded-for", "unknown, 2.2.2.2x")), listener=listener)
SPOOFED = [("x-envoy-upstream-rq-timeout-ms", "7000")] + [(f"x-envoy-{n}", "1") for n in (
    "internal", "external-address", "max-retries", "retry-on", "force-trace", "ip-tags",
    "downstream-service-cluster", "attempt-count", "original-path", "decorator-operation", "expected-rq-timeout-ms", "peer-metadata")]
for listener in ["plain", "edge", "internal", "behind_internal"]:
    XFF.case(f"{listener}_spoofed_headers", get("/", *SPOOFED), listener=listener)
    XFF.case(f"{listener}_internal_by_xff", get("/", ("x-forwarded-for", "10.1.1.1"), *SPOOFED[3:5]), listener=listener)
XFF.case("two_xff_lines", get("/", ("x-forwarded-for", "1.1.1.1"), ("x-forwarded-for", "2.2.2.2")), listener="hops1")
XFF.case("v6_xff", get("/", ("x-forwarded-for", "2001:db8::1")), listener="plain")
XFF.case("v6_bracketed_with_port", get("/", ("x-forwarded-for", "[2001:db8::1]:80")), listener="plain")
XFF.case("v4_with_port", get("/", ("x-forwarded-for", "1.2.3.4:80")), listener="plain")
XFF.case("forwarded_port_added", get("/"), listener="port", ignore=("origin[0].header.x-forwarded-port",))
XFF.case("forwarded_port_kept", get("/", ("x-forwarded-port", "1")), listener="port", ignore=("origin[0].header.x-forwarded-port",))
XFF.case("other_source_address", get("/"), listener="edge", dial={"source": "127.0.0.9"})
XFF.case("internal_only_headers", get("/", ("x-internal-a", "1"), ("x-keep", "1")), listener="internal_only")
XFF.case("forwarded_proto_from_client", get("/", ("x-forwarded-proto", "https")), listener="plain")
XFF.case("forwarded_proto_at_edge", get("/", ("x-forwarded-proto", "https")), listener="edge")
XFF.case("forwarded_proto_nonsense", get("/", ("x-forwarded-proto", "gopher")), listener="plain")
XFF.case("scheme_overwritten", get("/"), listener="scheme")
XFF.case("h2_scheme_https_over_clear_text", get("/", pseudo=[(":method", "GET"), (":scheme", "https"), (":authority", "h"), (":path", "/")]),
         listener="plain", protocol="h2")

DETECTION = Feature("original_ip_detection", f"""
listeners:
  extension:
    hcm:
      use_remote_address: false
      original_ip_detection_extensions:
      - {{name: x, typed_config: {{"@type": http.original_ip_detection.custom_header.v3.CustomHeaderConfig, header_name: x-real, allow_extension_to_set_address_as_trusted: true, reject_with_status: {{code: Forbidden}}}}}}
  xff_extension:
    hcm:
      original_ip_detection_extensions:
      - {{name: x, typed_config: {{"@type": http.original_ip_detection.xff.v3.XffConfig, xff_num_trusted_hops: 1, skip_xff_append: false}}}}
  xff_cidrs:
    hcm:
      original_ip_detection_extensions:
      - {{name: x, typed_config: {{"@type": http.original_ip_detection.xff.v3.XffConfig, xff_trusted_cidrs: {{cidrs: [{{address_prefix: 127.0.0.0, prefix_len: 8}}, {{address_prefix: 10.0.0.0, prefix_len: 8}}]}}}}}}
  xff_cidrs_of_others:
    hcm:
      original_ip_detection_extensions:
      - {{name: x, typed_config: {{"@type": http.original_ip_detection.xff.v3.XffConfig, xff_trusted_cidrs: {{cidrs: [{{address_prefix: 10.0.0.0, prefix_len: 8}}]}}}}}}
""")
for listener in ["xff_extension", "xff_cidrs"]:
    DETECTION.case(f"{listener}_no_xff", get("/"), listener=listener)
    DETECTION.case(f"{listener}_three_hops", get("/", ("x-forwarded-for", "1.1.1.1, 2.2.2.2,10.3.3.3")), listener=listener)
    DETECTION.case(f"{listener}_garbage", get("/", ("x-forwarded-for", "unknown, 2.2.2.2x")), listener=listener)
DETECTION.case("xff_cidrs_all_trusted", get("/", ("x-forwarded-for", "10.1.1.1, 10.2.2.2")), listener="xff_cidrs")
DETECTION.case("xff_cidrs_of_others", get("/", ("x-forwarded-for", "1.1.1.1, 10.2.2.2")), listener="xff_cidrs_of_others")
DETECTION.case("custom_header_is_no_address", get("/", ("x-real", "unknown")), listener="extension")
DETECTION.case("custom_header", get("/", ("x-real", "5.5.5.5")), listener="extension")
DETECTION.case("custom_header_missing_rejected", get("/"), listener="extension")

IDS = Feature("request_id", """
listeners:
  plain: {}
  edge: {hcm: {use_remote_address: true}}
  preserve: {hcm: {use_remote_address: true, preserve_external_request_id: true}}
  none: {hcm: {generate_request_id: false}}
  echo: {hcm: {always_set_request_id_in_response: true}}
  traced: {hcm: {tracing: {random_sampling: {value: 100}}}}
  untraced: {hcm: {tracing: {random_sampling: {value: 0}}}}
  no_pack:
    hcm:
      tracing: {random_sampling: {value: 100}}
      request_id_extension: {typed_config: {"@type": type.googleapis.com/envoy.extensions.request_id.uuid.v3.UuidRequestIdConfig, pack_trace_reason: false}}
""")
ID = ("x-request-id", "12345678-1234-4123-8123-123456789012")
for listener in ["plain", "edge", "preserve", "none", "echo", "traced", "untraced", "no_pack"]:
    IDS.case(f"{listener}_absent", get("/"), listener=listener)
    IDS.case(f"{listener}_given", get("/", ID), listener=listener)
    IDS.case(f"{listener}_not_a_uuid", get("/", ("x-request-id", "my-id")), listener=listener)
IDS.case("echo_local_reply", get("/", ID, host="x"), listener="echo")
IDS.case("force_trace", get("/", ID, ("x-envoy-force-trace", "1")), listener="untraced")
IDS.case("client_trace", get("/", ID, ("x-client-trace-id", "c1")), listener="untraced")

TRACING = Feature("tracing_headers", """
listeners:
  none: {}
  zipkin:
    hcm:
      generate_request_id: true
      tracing:
        random_sampling: {value: 100}
        provider: {name: envoy.tracers.zipkin, typed_config: {"@type": type.googleapis.com/envoy.config.trace.v3.ZipkinConfig, collector_cluster: sink, collector_endpoint: /spans, collector_endpoint_version: HTTP_JSON, shared_span_context: true}}
  zipkin_off:
    hcm:
      tracing:
        random_sampling: {value: 0}
        provider: {name: envoy.tracers.zipkin, typed_config: {"@type": type.googleapis.com/envoy.config.trace.v3.ZipkinConfig, collector_cluster: sink, collector_endpoint: /spans, collector_endpoint_version: HTTP_JSON}}
  otel:
    hcm:
      tracing:
        random_sampling: {value: 100}
        provider: {name: envoy.tracers.opentelemetry, typed_config: {"@type": type.googleapis.com/envoy.config.trace.v3.OpenTelemetryConfig, service_name: parity, http_service: {http_uri: {uri: "http://sink/v1/traces", cluster: sink, timeout: 1s}}}}
  otel_off:
    hcm:
      tracing:
        random_sampling: {value: 0}
        provider: {name: envoy.tracers.opentelemetry, typed_config: {"@type": type.googleapis.com/envoy.config.trace.v3.OpenTelemetryConfig, service_name: parity, http_service: {http_uri: {uri: "http://sink/v1/traces", cluster: sink, timeout: 1s}}}}
clusters:
  sink: {endpoints: [refused]}
""", ignore=("stat.*",))
PARENT = ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
for listener in ["none", "zipkin", "zipkin_off", "otel", "otel_off"]:
    TRACING.case(f"{listener}_no_context", get("/"), listener=listener)
    TRACING.case(f"{listener}_w3c", get("/", PARENT, ("tracestate", "a=b")), listener=listener)
    TRACING.case(f"{listener}_w3c_not_sampled", get("/", (PARENT[0], PARENT[1][:-1] + "0")), listener=listener)
    TRACING.case(f"{listener}_b3_single", get("/", ("b3", "80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1")), listener=listener)
    TRACING.case(f"{listener}_b3_multi", get("/", ("x-b3-traceid", "80f198ee56343ba864fe8b2a57d3eff7"), ("x-b3-spanid", "e457b5a2e4d86bd1"),
                                              ("x-b3-sampled", "0")), listener=listener)
    TRACING.case(f"{listener}_b3_multi_sampled", get("/", ("x-b3-traceid", "80f198ee56343ba864fe8b2a57d3eff7"), ("x-b3-spanid", "e457b5a2e4d86bd1"),
                                                      ("x-b3-sampled", "1")), listener=listener)
