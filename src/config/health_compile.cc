#include "config/health_compile.h"

#include <fmt/format.h>

#include <charconv>

#include "config/matcher_compile.h"
#include "config/supported.h"
#include "config/values.h"
#include "envoy/config/bootstrap/v3/bootstrap.pb.h"
#include "envoy/config/core/v3/health_check.pb.h"
#include "http/string_matcher.h"

namespace proa::config {

namespace core = envoy::config::core::v3;
namespace cv3 = envoy::config::cluster::v3;
using upstream::HealthCheckSpec;
using upstream::OutlierSpec;

namespace {

std::string unhex(const std::string& hex, const Site& at) {
  std::string bytes;
  for (size_t i = 0; i < hex.size(); i += 2) {
    unsigned value = 0;
    auto [end, error] = std::from_chars(hex.data() + i, hex.data() + std::min(i + 2, hex.size()), value, 16);
    if (error != std::errc() || end != hex.data() + i + 2) {
      at.error("is not an even number of hex digits");
      return {};
    }
    bytes.push_back(static_cast<char>(value));
  }
  return bytes;
}

std::string payload(const core::HealthCheck::Payload& from, const Site& at) {
  return from.has_binary() ? from.binary() : unhex(from.text(), at / "text");
}

std::vector<upstream::StatusRange> ranges(const google::protobuf::RepeatedPtrField<envoy::type::v3::Int64Range>& from,
                                          const Site& at) {
  std::vector<upstream::StatusRange> to;
  for (int i = 0; i < from.size(); ++i) {
    if (from[i].start() < 100 || from[i].end() > 600 || from[i].start() >= from[i].end()) {
      at[static_cast<size_t>(i)].error(
          fmt::format("from {} to below {} is no range of statuses", from[i].start(), from[i].end()),
          "start is at least 100 and below end, end at most 600");
      continue;
    }
    to.push_back({static_cast<uint16_t>(from[i].start()), static_cast<uint16_t>(from[i].end())});
  }
  return to;
}

using Headers = google::protobuf::RepeatedPtrField<core::HeaderValueOption>;
void compile_headers(const Headers& from, HealthCheckSpec& to, const Site& at) {
  for (int i = 0; i < from.size(); ++i) {
    const Site item = at[static_cast<size_t>(i)];
    const core::HeaderValue& header = from[i].header();
    if (from[i].append_action() != core::HeaderValueOption::APPEND_IF_EXISTS_OR_ADD ||
        (from[i].has_append() && !from[i].append().value())) {
      item.error("can only be added to what is there", "remove append_action; use request_headers_to_remove");
    }
    if (header.value().find('%') != std::string::npos) {
      (item / "header.value").error(fmt::format("{}: probes have no format strings", shown(header.value())));
    }
    to.headers_to_add.emplace_back(http::to_lower(header.key()), header.value());
  }
}

void compile_http(const core::HealthCheck::HttpHealthCheck& from, HealthCheckSpec& to, const Site& at) {
  to.kind = HealthCheckSpec::Kind::kHttp;
  to.host = from.host();
  to.path = from.path();
  to.http2 = from.codec_client_type() == envoy::type::v3::HTTP2;
  if (from.method() != core::METHOD_UNSPECIFIED) to.method = core::RequestMethod_Name(from.method());
  if (from.expected_statuses_size()) to.expected = ranges(from.expected_statuses(), at / "expected_statuses");
  to.retriable = ranges(from.retriable_statuses(), at / "retriable_statuses");
  compile_headers(from.request_headers_to_add(), to, at / "request_headers_to_add");
  for (const auto& name : from.request_headers_to_remove()) to.headers_to_remove.push_back(http::to_lower(name));
  if (from.has_service_name_matcher()) {
    to.service_name = string_matcher(from.service_name_matcher(), at / "service_name_matcher");
  }
  const Site receive = at / "receive";
  for (int i = 0; i < from.receive_size(); ++i) {
    const Site item = receive[static_cast<size_t>(i)];
    to.expected_body += payload(from.receive(i), item);
  }
}

void compile_tcp(const core::HealthCheck::TcpHealthCheck& from, HealthCheckSpec& to, const Site& at) {
  to.kind = HealthCheckSpec::Kind::kTcp;
  if (from.has_send()) to.send = payload(from.send(), at / "send");
  const Site receive = at / "receive";
  for (int i = 0; i < from.receive_size(); ++i) {
    const Site item = receive[static_cast<size_t>(i)];
    to.receive.push_back(payload(from.receive(i), item));
  }
}

void compile_times(const core::HealthCheck& from, HealthCheckSpec& to) {
  auto set = [](Milliseconds& value, const google::protobuf::Duration& duration, bool given) {
    if (given) value = milliseconds(duration);
  };
  set(to.timeout, from.timeout(), from.has_timeout());
  set(to.interval, from.interval(), from.has_interval());
  set(to.initial_jitter, from.initial_jitter(), from.has_initial_jitter());
  set(to.interval_jitter, from.interval_jitter(), from.has_interval_jitter());
  to.interval_jitter_percent = from.interval_jitter_percent();
  set(to.no_traffic_interval, from.no_traffic_interval(), from.has_no_traffic_interval());
  set(to.no_traffic_healthy_interval, from.no_traffic_healthy_interval(), from.has_no_traffic_healthy_interval());
  set(to.unhealthy_interval, from.unhealthy_interval(), from.has_unhealthy_interval());
  set(to.unhealthy_edge_interval, from.unhealthy_edge_interval(), from.has_unhealthy_edge_interval());
  set(to.healthy_edge_interval, from.healthy_edge_interval(), from.has_healthy_edge_interval());
}

std::shared_ptr<const HealthCheckSpec> compile_one(const core::HealthCheck& from, const Site& at) {
  auto to = std::make_shared<HealthCheckSpec>();
  compile_times(from, *to);
  to->unhealthy_threshold = from.unhealthy_threshold().value();
  to->healthy_threshold = from.healthy_threshold().value();
  if (from.has_reuse_connection()) to->reuse_connection = from.reuse_connection().value();
  to->alt_port = static_cast<uint16_t>(from.alt_port().value());
  if (from.alt_port().value() > 65535) {
    (at / "alt_port").error(fmt::format("is {}, above the highest port 65535", from.alt_port().value()));
  }
  to->always_log_failures = from.always_log_health_check_failures();
  to->always_log_successes = from.always_log_health_check_success();
  to->event_log_path = from.event_log_path();
  to->alpn.assign(from.tls_options().alpn_protocols().begin(), from.tls_options().alpn_protocols().end());
  if (from.has_http_health_check()) {
    compile_http(from.http_health_check(), *to, at / "http_health_check");
  } else if (from.has_tcp_health_check()) {
    compile_tcp(from.tcp_health_check(), *to, at / "tcp_health_check");
  } else if (from.has_grpc_health_check()) {
    to->kind = HealthCheckSpec::Kind::kGrpc;
    to->http2 = true;
    to->service = from.grpc_health_check().service_name();
    to->authority = from.grpc_health_check().authority();
    compile_headers(from.grpc_health_check().initial_metadata(), *to, at / "grpc_health_check.initial_metadata");
  }
  return to;
}

}  // namespace

std::vector<std::shared_ptr<const HealthCheckSpec>> compile_health_checks(const cv3::Cluster& from, const Site& at) {
  std::vector<std::shared_ptr<const HealthCheckSpec>> checks;
  const Site list = at / "health_checks";
  for (int i = 0; i < from.health_checks_size(); ++i) {
    const Site item = list[static_cast<size_t>(i)];
    checks.push_back(compile_one(from.health_checks(i), item));
  }
  return checks;
}

std::shared_ptr<const OutlierSpec> compile_outlier_detection(const cv3::Cluster& cluster, const Site& at,
                                                             const Compiler& compiler) {
  if (!cluster.has_outlier_detection()) return nullptr;
  const cv3::OutlierDetection& from = cluster.outlier_detection();
  auto to = std::make_shared<OutlierSpec>();
#define PROA_SET(field, source) \
  if (from.has_##source()) to->field = from.source().value()
  PROA_SET(consecutive_5xx, consecutive_5xx);
  PROA_SET(enforcing_consecutive_5xx, enforcing_consecutive_5xx);
  PROA_SET(consecutive_gateway_failure, consecutive_gateway_failure);
  PROA_SET(enforcing_consecutive_gateway_failure, enforcing_consecutive_gateway_failure);
  PROA_SET(consecutive_local_origin_failure, consecutive_local_origin_failure);
  PROA_SET(enforcing_consecutive_local_origin_failure, enforcing_consecutive_local_origin_failure);
  PROA_SET(max_ejection_percent, max_ejection_percent);
  PROA_SET(always_eject_one_host, always_eject_one_host);
  PROA_SET(successful_active_health_check_uneject_host, successful_active_health_check_uneject_host);
  PROA_SET(success_rate_minimum_hosts, success_rate_minimum_hosts);
  PROA_SET(success_rate_request_volume, success_rate_request_volume);
  PROA_SET(success_rate_stdev_factor, success_rate_stdev_factor);
  PROA_SET(enforcing_success_rate, enforcing_success_rate);
  PROA_SET(enforcing_local_origin_success_rate, enforcing_local_origin_success_rate);
  PROA_SET(failure_percentage_threshold, failure_percentage_threshold);
  PROA_SET(enforcing_failure_percentage, enforcing_failure_percentage);
  PROA_SET(enforcing_failure_percentage_local_origin, enforcing_failure_percentage_local_origin);
  PROA_SET(failure_percentage_minimum_hosts, failure_percentage_minimum_hosts);
  PROA_SET(failure_percentage_request_volume, failure_percentage_request_volume);
#undef PROA_SET
  to->split_external_local_origin_errors = from.split_external_local_origin_errors();
  if (from.has_interval()) to->interval = milliseconds(from.interval());
  if (from.has_base_ejection_time()) to->base_ejection_time = milliseconds(from.base_ejection_time());
  to->max_ejection_time = from.has_max_ejection_time() ? milliseconds(from.max_ejection_time())
                                                       : std::max(to->max_ejection_time, to->base_ejection_time);
  if (to->max_ejection_time < to->base_ejection_time) {
    (at / "outlier_detection.max_ejection_time")
        .error(fmt::format("is {} ms, below the base_ejection_time of {} ms", to->max_ejection_time.count(),
                           to->base_ejection_time.count()));
  }
  if (from.has_max_ejection_time_jitter()) to->max_ejection_time_jitter = milliseconds(from.max_ejection_time_jitter());
  to->event_log_path = compiler.bootstrap.cluster_manager().outlier_detection().event_log_path();
  return to;
}

void add_health_fields(SupportedTable& table) {
  table.add(supported<core::HealthCheck>({"timeout",
                                          "interval",
                                          "initial_jitter",
                                          "interval_jitter",
                                          "interval_jitter_percent",
                                          "unhealthy_threshold",
                                          "healthy_threshold",
                                          "alt_port",
                                          "reuse_connection",
                                          "http_health_check",
                                          "tcp_health_check",
                                          "grpc_health_check",
                                          "no_traffic_interval",
                                          "no_traffic_healthy_interval",
                                          "unhealthy_interval",
                                          "unhealthy_edge_interval",
                                          "healthy_edge_interval",
                                          "event_log_path",
                                          "always_log_health_check_failures",
                                          "always_log_health_check_success",
                                          "tls_options"}));
  table.add(supported<core::HealthCheck::Payload>({"text", "binary"}));
  table.add(supported<core::HealthCheck::HttpHealthCheck>(
      {"host", "path", "request_headers_to_add", "request_headers_to_remove", "expected_statuses", "retriable_statuses",
       "codec_client_type", "service_name_matcher", "method", "receive"}));
  table.add(supported<core::HealthCheck::TcpHealthCheck>({"send", "receive"}));
  table.add(supported<core::HealthCheck::GrpcHealthCheck>({"service_name", "authority", "initial_metadata"}));
  table.add(supported<core::HealthCheck::TlsOptions>({"alpn_protocols"}));
  table.add(supported<envoy::type::v3::Int64Range>({"start", "end"}));
  table.add(supported<cv3::OutlierDetection>({"consecutive_5xx",
                                              "interval",
                                              "base_ejection_time",
                                              "max_ejection_percent",
                                              "enforcing_consecutive_5xx",
                                              "enforcing_success_rate",
                                              "success_rate_minimum_hosts",
                                              "success_rate_request_volume",
                                              "success_rate_stdev_factor",
                                              "consecutive_gateway_failure",
                                              "enforcing_consecutive_gateway_failure",
                                              "split_external_local_origin_errors",
                                              "consecutive_local_origin_failure",
                                              "enforcing_consecutive_local_origin_failure",
                                              "enforcing_local_origin_success_rate",
                                              "failure_percentage_threshold",
                                              "enforcing_failure_percentage",
                                              "enforcing_failure_percentage_local_origin",
                                              "failure_percentage_minimum_hosts",
                                              "failure_percentage_request_volume",
                                              "max_ejection_time",
                                              "max_ejection_time_jitter",
                                              "successful_active_health_check_uneject_host",
                                              "always_eject_one_host"}));
  table.add(supported<envoy::config::bootstrap::v3::ClusterManager::OutlierDetection>({"event_log_path"}));
}

}  // namespace proa::config
