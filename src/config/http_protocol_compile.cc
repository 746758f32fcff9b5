#include "config/http_protocol_compile.h"

#include "config/supported.h"
#include "config/typed_payload.h"
#include "config/values.h"
#include "envoy/extensions/http/header_formatters/preserve_case/v3/preserve_case.pb.h"

namespace proa::config {

namespace core = envoy::config::core::v3;
using envoy::extensions::http::header_formatters::preserve_case::v3::PreserveCaseFormatterConfig;

namespace {

http::PreserveCase preserve_case(const google::protobuf::Any& from, const Site& at) {
  const std::optional<Payload> payload = open_any(from, at);
  const auto* formatter = payload ? dynamic_cast<const PreserveCaseFormatterConfig*>(payload->message.get()) : nullptr;
  if (!formatter) return http::PreserveCase::kNo;  // check_supported has named it
  return formatter->formatter_type_on_envoy_headers() == PreserveCaseFormatterConfig::PROPER_CASE
             ? http::PreserveCase::kElseProperCase
             : http::PreserveCase::kYes;
}

}  // namespace

void compile_http1_options(const core::Http1ProtocolOptions& from, http::Http1Options& to, const Site& at) {
  to.accept_http_10 = from.accept_http_10();
  to.default_host_for_http_10 = from.default_host_for_http_10();
  if (from.has_allow_absolute_url()) to.allow_absolute_url = from.allow_absolute_url().value();
  to.enable_trailers = from.enable_trailers();
  to.allow_custom_methods = from.allow_custom_methods();
  if (from.allow_chunked_length()) {
    (at / "allow_chunked_length")
        .error("a message with both Content-Length and Transfer-Encoding is a smuggling vector and always refused",
               "remove it");
  }
  to.proper_case_headers = from.header_key_format().has_proper_case_words();
  if (from.header_key_format().has_stateful_formatter()) {
    const Site formatter = at / "header_key_format.stateful_formatter.typed_config";
    to.preserve_case = preserve_case(from.header_key_format().stateful_formatter().typed_config(), formatter);
  }
}

void compile_http2_options(const core::Http2ProtocolOptions& from, http::Http2Options& to, const Site& at) {
  if (from.has_max_concurrent_streams()) to.max_concurrent_streams = from.max_concurrent_streams().value();
  if (from.has_initial_stream_window_size()) to.stream_window = from.initial_stream_window_size().value();
  if (from.has_initial_connection_window_size()) to.connection_window = from.initial_connection_window_size().value();
  if (from.has_hpack_table_size()) to.hpack_table_size = from.hpack_table_size().value();
  to.allow_connect = from.allow_connect();
  if (from.has_max_outbound_frames()) to.max_outbound_frames = from.max_outbound_frames().value();
  if (from.has_max_outbound_control_frames()) {
    to.max_outbound_control_frames = from.max_outbound_control_frames().value();
  }
  if (from.has_max_consecutive_inbound_frames_with_empty_payload()) {
    to.max_consecutive_empty_frames = from.max_consecutive_inbound_frames_with_empty_payload().value();
  }
  if (from.has_max_inbound_priority_frames_per_stream()) {
    to.max_priority_frames_per_stream = from.max_inbound_priority_frames_per_stream().value();
  }
  if (from.has_max_inbound_window_update_frames_per_data_frame_sent()) {
    to.max_window_updates_per_data_frame = from.max_inbound_window_update_frames_per_data_frame_sent().value();
  }
  if (from.has_connection_keepalive()) {
    const core::KeepaliveSettings& keepalive = from.connection_keepalive();
    if (keepalive.has_interval()) to.keepalive_interval = milliseconds(keepalive.interval());
    to.keepalive_timeout = milliseconds(keepalive.timeout());
    if (keepalive.has_connection_idle_interval()) {
      (at / "connection_keepalive.connection_idle_interval").error("is not supported", "use interval");
    }
  }
}

void compile_codec_limits(const core::HttpProtocolOptions& from, http::CommonCodecOptions& to) {
  if (from.has_max_headers_count()) to.max_headers = from.max_headers_count().value();
  switch (from.headers_with_underscores_action()) {
    case core::HttpProtocolOptions::REJECT_REQUEST: to.underscores = http::UnderscoreAction::kRejectRequest; break;
    case core::HttpProtocolOptions::DROP_HEADER: to.underscores = http::UnderscoreAction::kDropHeader; break;
    default: to.underscores = http::UnderscoreAction::kAllow; break;
  }
}

void add_http_protocol_fields(SupportedTable& table) {
  table.add(supported<core::Http1ProtocolOptions>({"accept_http_10", "default_host_for_http_10", "allow_absolute_url",
                                                   "enable_trailers", "header_key_format", "allow_custom_methods",
                                                   "allow_chunked_length"})
                .harmless({"override_stream_error_on_invalid_http_message"},
                          "a malformed HTTP/1 message always ends its connection"));
  table.add(supported<core::Http1ProtocolOptions::HeaderKeyFormat>({"proper_case_words", "stateful_formatter"}));
  table.add(supported<PreserveCaseFormatterConfig>({"formatter_type_on_envoy_headers"}));
  table.add(supported<core::Http1ProtocolOptions::HeaderKeyFormat::ProperCaseWords>({}));
  table.add(supported<core::Http2ProtocolOptions>(
                {"max_concurrent_streams", "initial_stream_window_size", "initial_connection_window_size",
                 "hpack_table_size", "allow_connect", "max_outbound_frames", "max_outbound_control_frames",
                 "max_consecutive_inbound_frames_with_empty_payload", "max_inbound_priority_frames_per_stream",
                 "max_inbound_window_update_frames_per_data_frame_sent", "connection_keepalive"})
                .harmless({"override_stream_error_on_invalid_http_message", "stream_error_on_invalid_http_messaging"},
                          "a malformed HTTP/2 message always resets its stream alone")
                .harmless({"use_oghttp2_codec"}, "there is one codec"));
  table.add(supported<core::KeepaliveSettings>({"interval", "timeout", "connection_idle_interval"})
                .harmless({"interval_jitter"}, "connections are made at different times anyway"));
  table.add(supported<core::HttpProtocolOptions>({"idle_timeout", "max_connection_duration", "max_headers_count",
                                                  "max_stream_duration", "headers_with_underscores_action",
                                                  "max_requests_per_connection"}));
}

}  // namespace proa::config
