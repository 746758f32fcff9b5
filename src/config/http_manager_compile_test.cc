#include "config/http_manager_compile.h"

#include <gmock/gmock.h>

#include "config/load.h"
#include "config/supported.h"
#include "config/test_compile.h"
#include "proxy/codec_stats.h"

namespace proa::config {
namespace {

using http::EscapedSlashes;
using http::StripPort;
using http::UnderscoreAction;
using testing::ElementsAre;
using testing::HasSubstr;

struct HttpManagerCompile : CompileTest {
  static std::string filter(const std::string& name, const std::string& type, const std::string& beside = "") {
    return "{name: " + name + ", typed_config: {\"@type\": type.googleapis.com/envoy.extensions.filters.http." + type +
           "}" + beside + "}";
  }
  static inline const std::string kRouter = filter("router", "router.v3.Router", "");
  static inline const std::string kBuffer = filter("b", "buffer.v3.Buffer, max_request_bytes: 9", "");
  using Manager = std::shared_ptr<const proxy::ConnectionManager>;
  Manager compile_all(const std::string& fields, size_t buffer_limit = 1024 * 1024) {
    problems = {};
    using Proto = envoy::extensions::filters::network::http_connection_manager::v3::HttpConnectionManager;
    return compile_http_manager(read<Proto>("{stat_prefix: edge, " + fields + "}"), buffer_limit, at, compiler);
  }
  /// With a route and a router.
  Manager compile(const std::string& fields = "", size_t buffer_limit = 1024 * 1024) {
    return compile_all(
        "route_config: {virtual_hosts: [{name: v, domains: ['*'], routes: [{match: {prefix: /}, route: "
        "{cluster: backend}}]}]}, http_filters: [" +
            kRouter + "]" + (fields.empty() ? "" : ", " + fields),
        buffer_limit);
  }
  Manager with_filters(const std::string& filters, const std::string& route = "route: {cluster: backend}") {
    return compile_all("route_config: {virtual_hosts: [{name: v, domains: ['*'], routes: [{match: {prefix: /}, " +
                       route + "}]}]}, http_filters: [" + filters + "]");
  }
};

TEST_F(HttpManagerCompile, defaults_are_envoys) {
  const auto to = compile();
  EXPECT_EQ(problem_lines(), "");
  EXPECT_EQ(to->codec_type, proxy::CodecType::kAuto);
  EXPECT_EQ(to->idle_timeout, Milliseconds(3'600'000));
  EXPECT_EQ(to->stream_idle_timeout, Milliseconds(300'000));
  EXPECT_EQ(to->request_timeout, kNever);
  EXPECT_EQ(to->max_connection_duration, kNever);
  EXPECT_EQ(to->max_stream_duration, kNever);
  EXPECT_EQ(to->drain_timeout, Milliseconds(5'000));
  EXPECT_EQ(to->delayed_close_timeout, Milliseconds(1'000));
  EXPECT_EQ(to->max_requests_per_connection, 0U);
  EXPECT_EQ(to->http1.max_head_bytes, 60U * 1024);
  EXPECT_EQ(to->http2.max_head_bytes, 60U * 1024);
  EXPECT_EQ(to->http1.max_headers, 100U);
  EXPECT_EQ(to->http1.underscores, UnderscoreAction::kAllow);
  EXPECT_EQ(to->http2.underscores, UnderscoreAction::kAllow);
  EXPECT_EQ(to->server_name, "envoy");
  EXPECT_EQ(to->server_header, proxy::ServerHeader::kOverwrite);
  EXPECT_EQ(to->forward_client_cert, proxy::ForwardClientCert::kSanitize);
  EXPECT_TRUE(to->generate_request_id && to->router.dynamic_stats);
  EXPECT_FALSE(to->use_remote_address || to->skip_xff_append || to->preserve_external_request_id ||
               to->always_set_request_id_in_response || to->append_x_forwarded_port || to->add_user_agent ||
               to->proxy_100_continue || to->scheme_match_upstream || to->router.suppress_envoy_headers ||
               to->router.respect_expected_rq_timeout);
  EXPECT_TRUE(to->internal_ranges.empty() && to->upgrades.empty() && to->access_logs.empty() && to->via.empty());
  EXPECT_FALSE(to->tracer || to->local_replies.format);
  EXPECT_EQ(to->chain.size(), 0U);
}

TEST_F(HttpManagerCompile, routes_may_come_from_elsewhere) {
  const auto from = read<envoy::extensions::filters::network::http_connection_manager::v3::HttpConnectionManager>(
      "{stat_prefix: edge, rds: {route_config_name: r, config_source: {ads: {}, resource_api_version: V3}}}");
  check_supported(from, supported_table(), /*allow_unsupported=*/false, at);
  EXPECT_EQ(problem_lines(), "");
}

TEST_F(HttpManagerCompile, paths_are_made_normal_unless_told_otherwise) {
  const auto to = compile();
  EXPECT_TRUE(to->paths.normalize) << "where Envoy leaves them alone";
  EXPECT_FALSE(to->paths.merge_slashes);
  EXPECT_EQ(to->paths.escaped_slashes, EscapedSlashes::kKeep);
  EXPECT_FALSE(compile("normalize_path: false")->paths.normalize);
  EXPECT_TRUE(compile("merge_slashes: true")->paths.merge_slashes);
  auto slashes = [&](const std::string& action) {
    return compile("path_with_escaped_slashes_action: " + action)->paths.escaped_slashes;
  };
  EXPECT_EQ(slashes("KEEP_UNCHANGED"), EscapedSlashes::kKeep);
  EXPECT_EQ(slashes("REJECT_REQUEST"), EscapedSlashes::kReject);
  EXPECT_EQ(slashes("UNESCAPE_AND_REDIRECT"), EscapedSlashes::kUnescapeAndRedirect);
  EXPECT_EQ(slashes("UNESCAPE_AND_FORWARD"), EscapedSlashes::kUnescapeAndForward);
  EXPECT_EQ(problem_lines(), "");
}

TEST_F(HttpManagerCompile, ports_of_hosts) {
  EXPECT_EQ(compile("strip_matching_host_port: true")->host_rules.strip_port, StripPort::kMatching);
  EXPECT_EQ(compile("strip_any_host_port: true")->host_rules.strip_port, StripPort::kAny);
  EXPECT_TRUE(compile("strip_trailing_host_dot: true")->host_rules.strip_trailing_dot);
  EXPECT_EQ(problem_lines(), "");
  compile("strip_matching_host_port: true, strip_any_host_port: true");
  EXPECT_EQ(problem_lines(), ": has both strip_matching_host_port and strip_any_host_port\n");
}

TEST_F(HttpManagerCompile, times) {
  const auto to = compile(
      "stream_idle_timeout: 1s, request_timeout: 2s, request_headers_timeout: 3s, drain_timeout: 4s, "
      "delayed_close_timeout: 5s, common_http_protocol_options: {idle_timeout: 6s, max_connection_duration: 7s, "
      "max_stream_duration: 8s, max_requests_per_connection: 9}");
  EXPECT_EQ(problem_lines(), "");
  EXPECT_EQ(to->stream_idle_timeout, Milliseconds(1000));
  EXPECT_EQ(to->request_timeout, Milliseconds(2000));
  EXPECT_EQ(to->http1.head_timeout, Milliseconds(3000));
  EXPECT_EQ(to->http2.head_timeout, Milliseconds(3000));
  EXPECT_EQ(to->drain_timeout, Milliseconds(4000));
  EXPECT_EQ(to->delayed_close_timeout, Milliseconds(5000));
  EXPECT_EQ(to->idle_timeout, Milliseconds(6000));
  EXPECT_EQ(to->max_connection_duration, Milliseconds(7000));
  EXPECT_EQ(to->max_stream_duration, Milliseconds(8000));
  EXPECT_EQ(to->max_requests_per_connection, 9U);
}

TEST_F(HttpManagerCompile, zero_turns_time_outs_off) {
  const auto to = compile(
      "stream_idle_timeout: 0s, request_timeout: 0s, request_headers_timeout: 0s, common_http_protocol_options: "
      "{idle_timeout: 0s, max_connection_duration: 0s, max_stream_duration: 0s}");
  for (Milliseconds off : {to->stream_idle_timeout, to->request_timeout, to->http1.head_timeout, to->http2.head_timeout,
                           to->idle_timeout, to->max_connection_duration, to->max_stream_duration}) {
    EXPECT_EQ(off, kNever);
  }
}

TEST_F(HttpManagerCompile, codecs) {
  EXPECT_EQ(compile("codec_type: HTTP1")->codec_type, proxy::CodecType::kHttp1);
  EXPECT_EQ(compile("codec_type: HTTP2")->codec_type, proxy::CodecType::kHttp2);
  const auto to = compile(
      "max_request_headers_kb: 7, common_http_protocol_options: {max_headers_count: 8, "
      "headers_with_underscores_action: "
      "REJECT_REQUEST}, http_protocol_options: {accept_http_10: true, enable_trailers: true}, http2_protocol_options: "
      "{max_concurrent_streams: 9, initial_stream_window_size: 65535}");
  EXPECT_EQ(problem_lines(), "");
  EXPECT_EQ(to->http1.max_head_bytes, 7U * 1024);
  EXPECT_EQ(to->http2.max_head_bytes, 7U * 1024);
  EXPECT_EQ(to->http1.max_headers, 8U);
  EXPECT_EQ(to->http2.max_headers, 8U);
  EXPECT_EQ(to->http1.underscores, UnderscoreAction::kRejectRequest);
  EXPECT_EQ(to->http2.underscores, UnderscoreAction::kRejectRequest);
  EXPECT_TRUE(to->http1.accept_http_10 && to->http1.enable_trailers);
  EXPECT_EQ(to->http2.max_concurrent_streams, 9U);
  EXPECT_EQ(compile("common_http_protocol_options: {headers_with_underscores_action: DROP_HEADER}")->http1.underscores,
            UnderscoreAction::kDropHeader);
  compile("http_protocol_options: {allow_chunked_length: true}");
  EXPECT_THAT(problem_lines(), HasSubstr("http_protocol_options.allow_chunked_length: "));
}

TEST_F(HttpManagerCompile, the_listeners_buffer_limit_bounds_what_waits) {
  const auto to = compile("", 2000);
  EXPECT_EQ(to->request_buffer_limit, 2000U);
  EXPECT_EQ(to->http1.high_watermark, 2000U);
  EXPECT_EQ(to->http2.high_watermark, 2000U);
}

TEST_F(HttpManagerCompile, who_the_client_is) {
  const auto to = compile(
      "use_remote_address: true, xff_num_trusted_hops: 2, skip_xff_append: true, internal_address_config: "
      "{cidr_ranges: "
      "[{address_prefix: 10.0.0.0, prefix_len: 8}]}, forward_client_cert_details: SANITIZE_SET, "
      "set_current_client_cert_details: {subject: true, cert: true, chain: true, dns: true, uri: true}");
  EXPECT_EQ(problem_lines(), "");
  EXPECT_TRUE(to->use_remote_address && to->skip_xff_append);
  EXPECT_EQ(to->xff_num_trusted_hops, 2U);
  EXPECT_EQ(to->internal_ranges.at(0).to_string(), "10.0.0.0/8");
  EXPECT_EQ(to->forward_client_cert, proxy::ForwardClientCert::kSanitizeSet);
  const auto& details = to->client_cert_details;
  EXPECT_TRUE(details.subject && details.cert && details.chain && details.dns && details.uri);
  auto forwards = [&](const std::string& how) {
    return compile("forward_client_cert_details: " + how)->forward_client_cert;
  };
  EXPECT_EQ(forwards("FORWARD_ONLY"), proxy::ForwardClientCert::kForwardOnly);
  EXPECT_EQ(forwards("APPEND_FORWARD"), proxy::ForwardClientCert::kAppendForward);
  EXPECT_EQ(forwards("ALWAYS_FORWARD_ONLY"), proxy::ForwardClientCert::kAlwaysForwardOnly);
  compile("internal_address_config: {cidr_ranges: [{address_prefix: here, prefix_len: 8}]}");
  EXPECT_THAT(problem_lines(), HasSubstr("internal_address_config.cidr_ranges[0]: "));
}

TEST_F(HttpManagerCompile, who_we_are) {
  const auto to = compile(
      "server_name: me, server_header_transformation: APPEND_IF_ABSENT, via: gw, add_user_agent: true, "
      "append_x_forwarded_port: true, generate_request_id: false, preserve_external_request_id: true, "
      "always_set_request_id_in_response: true, scheme_header_transformation: {scheme_to_overwrite: https}, "
      "proxy_100_continue: true");
  EXPECT_EQ(problem_lines(), "");
  EXPECT_EQ(to->server_name, "me");
  EXPECT_EQ(to->server_header, proxy::ServerHeader::kAppendIfAbsent);
  EXPECT_EQ(to->via, "gw");
  EXPECT_EQ(to->service_cluster, "front");
  EXPECT_EQ(to->service_node, "node-1");
  EXPECT_EQ(to->scheme_overwrite, "https");
  EXPECT_TRUE(to->add_user_agent && to->append_x_forwarded_port && to->preserve_external_request_id &&
              to->always_set_request_id_in_response && to->proxy_100_continue);
  EXPECT_FALSE(to->generate_request_id);
  EXPECT_EQ(compile("server_header_transformation: PASS_THROUGH")->server_header, proxy::ServerHeader::kPassThrough);
  EXPECT_TRUE(compile("scheme_header_transformation: {match_upstream: true}")->scheme_match_upstream);
}

TEST_F(HttpManagerCompile, statistics_stand_under_the_prefix) {
  const auto to = compile();
  EXPECT_EQ(to->stats->name().name, "edge");
  EXPECT_EQ(to->http1_stats->name().name, "edge.http1");
  EXPECT_EQ(to->http2_stats->name().name, "edge.http2");
  EXPECT_EQ(compile()->stats, to->stats) << "a second configuration counts on";
}

TEST_F(HttpManagerCompile, filters_in_their_order_before_the_router) {
  const auto to = with_filters(filter("cors", "cors.v3.Cors") + ", " +
                               filter("fault", "fault.v3.HTTPFault", ", disabled: true") + ", " + kRouter);
  EXPECT_EQ(problem_lines(), "");
  ASSERT_EQ(to->chain.size(), 2U);
  EXPECT_EQ(to->chain.filters()[0]->name(), "cors");
  EXPECT_FALSE(to->chain.filters()[0]->disabled_by_default());
  EXPECT_EQ(to->chain.filters()[1]->name(), "fault");
  EXPECT_TRUE(to->chain.filters()[1]->disabled_by_default());
}

TEST_F(HttpManagerCompile, the_router_is_the_last_filter) {
  with_filters("");
  EXPECT_EQ(problem_lines(), "http_filters: does not end with the router\n");
  with_filters(kRouter + ", " + kBuffer);
  EXPECT_EQ(problem_lines(), "http_filters[1]: comes after the router, which is terminal\n");
  with_filters(filter("router", "router.v3.Router", ", disabled: true"));
  EXPECT_EQ(problem_lines(), "http_filters[0].disabled: the router cannot be turned off\n");
}

TEST_F(HttpManagerCompile, the_routers_options) {
  const auto to =
      with_filters(filter("router",
                          "router.v3.Router, suppress_envoy_headers: true, respect_expected_rq_timeout: "
                          "true, dynamic_stats: false, upstream_log: [{name: l, typed_config: {\"@type\": "
                          "type.googleapis.com/envoy.extensions.access_loggers.stream.v3.StdoutAccessLog}}]"));
  EXPECT_EQ(problem_lines(), "");
  EXPECT_TRUE(to->router.suppress_envoy_headers && to->router.respect_expected_rq_timeout);
  EXPECT_FALSE(to->router.dynamic_stats);
  EXPECT_EQ(to->router.upstream_logs.size(), 1U);
}

TEST_F(HttpManagerCompile, filters_that_say_nothing_or_what_nobody_knows) {
  with_filters("{name: envoy.filters.http.buffer}, " + kRouter);
  EXPECT_EQ(problem_lines(), "http_filters[0]: has no typed_config\n");
  with_filters("{name: f, typed_config: {}}, " + kRouter);
  EXPECT_THAT(problem_lines(), HasSubstr("http_filters[0].typed_config: "));
  with_filters("{name: f, is_optional: true, typed_config: {}}, " + kRouter);
  EXPECT_EQ(problem_lines(), "") << "optional ones may be unknown";
}

TEST_F(HttpManagerCompile, a_route_configures_filters_by_name_and_kind) {
  const std::string part =
      ", typed_per_filter_config: {b: {\"@type\": "
      "type.googleapis.com/envoy.extensions.filters.http.";
  const std::string route = "route: {cluster: backend}";
  with_filters(kBuffer + ", " + kRouter, route + part + "buffer.v3.BufferPerRoute, disabled: true}}");
  EXPECT_EQ(problem_lines(), "");
  with_filters(kBuffer + ", " + kRouter, route + part + "fault.v3.HTTPFault}}");
  EXPECT_THAT(problem_lines(), HasSubstr("route_config.virtual_hosts[0].routes[0].typed_per_filter_config.b: is for "
                                         "the filter envoy.extensions.filters.http.fault.v3.HTTPFault, but \"b\" is "
                                         "envoy.extensions.filters.http.buffer.v3.Buffer"));
}

TEST_F(HttpManagerCompile, routes_are_needed_and_stand_inline) {
  const auto to = compile_all("http_filters: [" + kRouter + "]");
  EXPECT_EQ(problem_lines(), ": has no routes\n");
  EXPECT_TRUE(to->routes) << "what is wrong can still be explained";
}

TEST_F(HttpManagerCompile, logs_tracing_and_replies_are_compiled_in_their_places) {
  const auto to = compile(
      "access_log: [{name: l, typed_config: {\"@type\": "
      "type.googleapis.com/envoy.extensions.access_loggers.stream.v3.StdoutAccessLog}}], local_reply_config: "
      "{body_format: {text_format: x}}");
  EXPECT_EQ(problem_lines(), "");
  EXPECT_EQ(to->access_logs.size(), 1U);
  EXPECT_TRUE(to->local_replies.format);
  compile("local_reply_config: {body_format: {text_format: '%NOTHING%'}}");
  EXPECT_THAT(problem_lines(), HasSubstr("local_reply_config.body_format.text_format: "));
}

}  // namespace
}  // namespace proa::config
