#include "mesh/translate/access_logs.h"

#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "envoy/extensions/access_loggers/file/v3/file.pb.h"
#include "envoy/extensions/access_loggers/filters/cel/v3/cel.pb.h"
#include "envoy/extensions/access_loggers/grpc/v3/als.pb.h"
#include "mesh/translate/packed.h"
#include "mesh/translate/providers.h"

namespace proa::mesh {

namespace {

using envoy::config::accesslog::v3::AccessLog;
using istio::telemetry::v1alpha1::AccessLogging;
using Names = std::set<std::string>;
using Spec = istio::telemetry::v1alpha1::Telemetry;

// Istio's default line (istio/pilot/pkg/model/telemetry_logging.go).
constexpr std::string_view kLine =
    "[%START_TIME%] \"%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%\" %RESPONSE_CODE% %RESPONSE_FLAGS% "
    "%RESPONSE_CODE_DETAILS% %CONNECTION_TERMINATION_DETAILS% \"%UPSTREAM_TRANSPORT_FAILURE_REASON%\" "
    "%BYTES_RECEIVED% %BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% \"%REQ(X-FORWARDED-FOR)%\" "
    "\"%REQ(USER-AGENT)%\" \"%REQ(X-REQUEST-ID)%\" \"%REQ(:AUTHORITY)%\" \"%UPSTREAM_HOST%\" %UPSTREAM_CLUSTER_RAW% "
    "%UPSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS% %REQUESTED_SERVER_NAME% "
    "%ROUTE_NAME%\n";

// And its default fields, where accessLogEncoding is JSON.
constexpr std::array<std::pair<const char*, const char*>, 24> kFields = {{
    {"authority", "%REQ(:AUTHORITY)%"},
    {"bytes_received", "%BYTES_RECEIVED%"},
    {"bytes_sent", "%BYTES_SENT%"},
    {"connection_termination_details", "%CONNECTION_TERMINATION_DETAILS%"},
    {"downstream_local_address", "%DOWNSTREAM_LOCAL_ADDRESS%"},
    {"downstream_remote_address", "%DOWNSTREAM_REMOTE_ADDRESS%"},
    {"duration", "%DURATION%"},
    {"method", "%REQ(:METHOD)%"},
    {"path", "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%"},
    {"protocol", "%PROTOCOL%"},
    {"request_id", "%REQ(X-REQUEST-ID)%"},
    {"requested_server_name", "%REQUESTED_SERVER_NAME%"},
    {"response_code", "%RESPONSE_CODE%"},
    {"response_code_details", "%RESPONSE_CODE_DETAILS%"},
    {"response_flags", "%RESPONSE_FLAGS%"},
    {"route_name", "%ROUTE_NAME%"},
    {"start_time", "%START_TIME%"},
    {"upstream_cluster", "%UPSTREAM_CLUSTER_RAW%"},
    {"upstream_host", "%UPSTREAM_HOST%"},
    {"upstream_local_address", "%UPSTREAM_LOCAL_ADDRESS%"},
    {"upstream_service_time", "%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)%"},
    {"upstream_transport_failure_reason", "%UPSTREAM_TRANSPORT_FAILURE_REASON%"},
    {"user_agent", "%REQ(USER-AGENT)%"},
    {"x_forwarded_for", "%REQ(X-FORWARDED-FOR)%"},
}};

AccessLog file_log(const std::string& path, const std::string& text, const google::protobuf::Struct* labels) {
  envoy::extensions::access_loggers::file::v3::FileAccessLog file;
  file.set_path(path);
  if (labels != nullptr) {
    *file.mutable_log_format()->mutable_json_format() = *labels;
  } else {
    std::string line = text.empty() ? std::string(kLine) : text;
    if (!line.ends_with('\n')) line += '\n';
    file.mutable_log_format()->mutable_text_format_source()->set_inline_string(std::move(line));
  }
  AccessLog out;
  out.set_name("envoy.access_loggers.file");
  *out.mutable_typed_config() = packed(file);
  return out;
}

std::optional<AccessLog> log_of(const Provider& provider) {
  if (provider.has_envoy_file_access_log()) {
    const auto& file = provider.envoy_file_access_log();
    const bool json = file.log_format().has_labels();
    return file_log(file.path().empty() ? "/dev/stdout" : file.path(), file.log_format().text(),
                    json ? &file.log_format().labels() : nullptr);
  }
  if (!provider.has_envoy_http_als()) return std::nullopt;
  const auto& als = provider.envoy_http_als();
  envoy::extensions::access_loggers::grpc::v3::HttpGrpcAccessLogConfig config;
  auto& common = *config.mutable_common_config();
  common.set_log_name(als.log_name().empty() ? "http_envoy_accesslog" : als.log_name());
  set_grpc(backend_of(als.service(), als.port()), *common.mutable_grpc_service());
  common.set_transport_api_version(envoy::config::core::v3::V3);
  *common.mutable_filter_state_objects_to_log() = als.filter_state_objects_to_log();
  if (common.filter_state_objects_to_log().empty()) {
    common.add_filter_state_objects_to_log("upstream_peer");
    common.add_filter_state_objects_to_log("downstream_peer");
  }
  *config.mutable_additional_request_headers_to_log() = als.additional_request_headers_to_log();
  *config.mutable_additional_response_headers_to_log() = als.additional_response_headers_to_log();
  *config.mutable_additional_response_trailers_to_log() = als.additional_response_trailers_to_log();
  AccessLog out;
  out.set_name("envoy.access_loggers.http_grpc");
  *out.mutable_typed_config() = packed(config);
  return out;
}

void set_filter(const std::string& expression, AccessLog& out) {
  envoy::extensions::access_loggers::filters::cel::v3::ExpressionFilter filter;
  filter.set_expression(expression);
  auto& extension = *out.mutable_filter()->mutable_extension_filter();
  extension.set_name("envoy.access_loggers.extension_filters.cel");
  *extension.mutable_typed_config() = packed(filter);
}

/// As the MeshConfig says: accessLogFormat in its accessLogEncoding.
AccessLog mesh_file_log(const World& world, const std::string& path) {
  const auto& mesh = world.mesh();
  if (mesh.access_log_encoding() == istio::mesh::v1alpha1::MeshConfig::TEXT) {
    return file_log(path, mesh.access_log_format(), nullptr);
  }
  google::protobuf::Struct fields;
  const bool own = !mesh.access_log_format().empty() &&
                   google::protobuf::util::JsonStringToMessage(mesh.access_log_format(), &fields).ok();
  if (!own) {  // as Istio, which takes what is no JSON for nothing
    fields.Clear();
    for (const auto& [name, value] : kFields) (*fields.mutable_fields())[name].set_string_value(value);
  }
  return file_log(path, {}, &fields);
}

std::optional<AccessLog> log_of(const World& world, const std::string& name) {
  const Provider* provider = provider_named(world, name);
  if (provider == nullptr) return std::nullopt;
  const bool built_in =
      name == "envoy" && provider->has_envoy_file_access_log() && !provider->envoy_file_access_log().has_log_format();
  if (built_in) return mesh_file_log(world, provider->envoy_file_access_log().path());
  return log_of(*provider);
}

Names names_of(const AccessLogging& entry) {
  Names out;
  for (const auto& provider : entry.providers()) out.insert(provider.name());
  return out;
}

bool concerns(const AccessLogging& entry, Direction direction) {
  return !entry.has_match() || concerns(entry.match().mode(), direction);
}

/// Which entry decides for each provider. A level that names providers stands instead of those above it; an entry that
/// names none means those of the entry before it.
std::map<std::string, const AccessLogging*> deciding(const Names& defaults, const std::vector<const Spec*>& levels,
                                                     Direction direction) {
  Names in_scope = defaults;
  for (const Spec* level : levels) {
    Names named;
    for (const AccessLogging& entry : level->access_logging()) {
      if (concerns(entry, direction)) named.merge(names_of(entry));
    }
    if (!named.empty()) in_scope = std::move(named);
  }
  std::map<std::string, const AccessLogging*> out;
  Names meant = defaults;
  for (const Spec* level : levels) {
    for (const AccessLogging& entry : level->access_logging()) {
      if (Names named = names_of(entry); !named.empty()) meant = std::move(named);
      if (!concerns(entry, direction)) continue;
      for (const std::string& name : meant) {
        if (in_scope.contains(name)) out[name] = &entry;
      }
    }
  }
  return out;
}

}  // namespace

AccessLogs access_logs(const World& world, const std::vector<const Spec*>& levels, Direction direction) {
  const auto& listed = world.mesh().default_providers().access_logging();
  Names defaults(listed.begin(), listed.end());
  AccessLogs out;
  const bool asked = std::ranges::any_of(levels, [](const Spec* level) { return level->access_logging_size() > 0; });
  if (!asked) {
    for (const std::string& name : defaults) {
      if (auto log = log_of(world, name)) out.push_back(std::move(*log));
    }
    if (defaults.empty() && !world.mesh().access_log_file().empty()) {
      out.push_back(mesh_file_log(world, world.mesh().access_log_file()));
    }
    return out;
  }
  if (defaults.empty()) defaults.insert("envoy");
  for (const auto& [name, entry] : deciding(defaults, levels, direction)) {
    if (entry->disabled().value()) continue;
    auto log = log_of(world, name);
    if (!log) continue;
    if (entry->has_filter()) set_filter(entry->filter().expression(), *log);
    out.push_back(std::move(*log));
  }
  return out;
}

}  // namespace proa::mesh
