// Operators of the exchange: outcome, where it went, how much, metadata, identity.
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <random>

#include "observe/format_step.h"
#include "observe/metadata.h"
#include "observe/response_flags.h"

namespace proa::observe {
namespace {

template <std::string_view StreamInfo::* field>
void text(const FormatStep&, const StreamInfo& info, FormatValue& value) {
  value.set(info.*field);
}
/// Empty where there is none, not "-": it stands within bodies.
void local_reply_body(const FormatStep&, const StreamInfo& info, FormatValue& value) {
  value.set_present(info.local_reply_body);
}
template <auto field>
void number(const FormatStep&, const StreamInfo& info, FormatValue& value) {
  value.set(static_cast<uint64_t>(info.*field));
}

template <http::StreamBytes StreamInfo::* side, uint64_t http::StreamBytes::* field>
void wire_bytes(const FormatStep&, const StreamInfo& info, FormatValue& value) {
  value.set(info.*side.*field);
}

// Envoy's code details never hold white space: it would break lines that are split at spaces.
void code_details(const FormatStep&, const StreamInfo& info, FormatValue& value) {
  std::string_view details = info.response_code_details;
  if (details.find(' ') == std::string_view::npos) return value.set(details);
  value.scratch.assign(details);
  std::replace(value.scratch.begin(), value.scratch.end(), ' ', '_');
  value.set_scratch();
}

template <bool long_form>
void flags(const FormatStep&, const StreamInfo& info, FormatValue& value) {
  if (info.flags.none()) return value.set("-");  // as Envoy, in JSON too
  value.scratch.clear();
  append_flags(info.flags, long_form, value.scratch);
  value.set_scratch();
}

void protocol(const FormatStep&, const StreamInfo& info, FormatValue& value) {
  // A message that its codec refused never became a request, but came in a protocol, and was answered as a rule.
  const bool http = info.request || info.response_code || info.has(ResponseFlag::kDownstreamProtocolError);
  http ? value.set(http::to_string(info.protocol)) : value.set_missing();
}
void upstream_protocol(const FormatStep&, const StreamInfo& info, FormatValue& value) {
  info.request&& info.upstream_remote ? value.set(http::to_string(info.upstream_protocol)) : value.set_missing();
}

void stream_id(const FormatStep&, const StreamInfo& info, FormatValue& value) {
  if (!info.request_id.empty()) return value.set(info.request_id);
  value.scratch = std::to_string(info.stream_id);
  value.set_scratch();
}

void access_log_type(const FormatStep&, const StreamInfo& info, FormatValue& value) {
  value.set(info.access_log_type.empty() ? std::string_view("NotSet") : info.access_log_type);
}

void hostname(const FormatStep&, const StreamInfo&, FormatValue& value) {
  static const std::string name = [] {
    char buffer[256] = {};
    return std::string(gethostname(buffer, sizeof buffer - 1) == 0 ? buffer : "");
  }();
  value.set(std::string_view(name));
}

// The environment does not change: the value becomes part of the format.
Status compile_environment(std::string_view arguments, FormatStep& step) {
  std::string name(arguments.substr(0, arguments.find(':')));
  if (name.empty()) return fail("needs a variable's name");
  const char* value = std::getenv(name.c_str());
  step.extract = nullptr;
  step.text = value ? value : "-";
  return {};
}

// A version 4 UUID, a new one for each record.
void unique_id(const FormatStep&, const StreamInfo&, FormatValue& value) {
  static thread_local std::mt19937_64 random{std::random_device{}()};
  uint64_t high = (random() & 0xffff'ffff'ffff'0fffULL) | 0x4000, low = (random() >> 2) | 0x8000'0000'0000'0000ULL;
  value.scratch.clear();
  for (int i = 0; i < 32; ++i) {
    if (i == 8 || i == 12 || i == 16 || i == 20) value.scratch += '-';
    uint64_t half = i < 16 ? high : low;
    value.scratch += "0123456789abcdef"[half >> (60 - 4 * (i % 16)) & 15];
  }
  value.set_scratch();
}

// Splits "a:b:c", or the older form of header values ["a", "b"].
Result<std::vector<std::string>> split_path(std::string_view arguments) {
  std::vector<std::string> parts;
  if (arguments.starts_with('[')) {
    auto list = nlohmann::json::parse(arguments, nullptr, false);
    if (!list.is_array()) return fail("\"" + std::string(arguments) + "\" is no JSON list of strings");
    for (const auto& part : list) {
      if (!part.is_string()) return fail("\"" + std::string(arguments) + "\" is no JSON list of strings");
      parts.push_back(part.get<std::string>());
    }
  } else {
    for (;;) {
      size_t colon = arguments.find(':');
      parts.emplace_back(arguments.substr(0, colon));
      if (colon == std::string_view::npos) break;
      arguments.remove_prefix(colon + 1);
    }
  }
  if (parts.empty() || parts[0].empty()) return fail("needs a namespace, then keys: (namespace:key:key)");
  return parts;
}

template <MetadataSource source>
Status compile_metadata(std::string_view arguments, FormatStep& step) {
  auto parts = split_path(arguments);
  if (!parts) return std::unexpected(parts.error());
  step.source = source;
  step.text = std::move(parts->front());
  step.path.assign(std::make_move_iterator(parts->begin() + 1), std::make_move_iterator(parts->end()));
  return {};
}

Status compile_typed_metadata(std::string_view arguments, FormatStep& step) {
  size_t colon = arguments.find(':');
  std::string_view type = arguments.substr(0, colon);
  std::string_view rest = colon == std::string_view::npos ? "" : arguments.substr(colon + 1);
  if (type == "DYNAMIC") return compile_metadata<MetadataSource::kDynamic>(rest, step);
  if (type == "ROUTE") return compile_metadata<MetadataSource::kRoute>(rest, step);
  if (type == "CLUSTER") return compile_metadata<MetadataSource::kCluster>(rest, step);
  if (type == "UPSTREAM_HOST") return compile_metadata<MetadataSource::kHost>(rest, step);
  return fail("unknown type \"" + std::string(type) + "\": DYNAMIC, ROUTE, CLUSTER or UPSTREAM_HOST");
}

void metadata(const FormatStep& step, const StreamInfo& info, FormatValue& value) {
  const Metadata* metadata = metadata_of(info, step.source);
  value.set(metadata ? metadata->find(step.text, step.path) : nullptr);
}

// FILTER_STATE(KEY:PLAIN|TYPED) or (KEY:FIELD:NAME): values are printed the same in both forms.
Status compile_filter_state(std::string_view arguments, FormatStep& step) {
  auto parts = split_path(arguments);
  if (!parts) return std::unexpected(parts.error());
  step.source = MetadataSource::kFilterState;
  step.text = parts->front();
  if (parts->size() == 1) return {};
  const std::string& form = (*parts)[1];
  if (form == "FIELD") {
    if (parts->size() != 3) return fail("FIELD needs the field's name: (KEY:FIELD:NAME)");
    step.path.push_back((*parts)[2]);
  } else if ((form != "PLAIN" && form != "TYPED") || parts->size() != 2) {
    return fail("\"" + form + "\" must be PLAIN, TYPED or FIELD");
  }
  return {};
}

// COALESCE({"operators": ["TRACE_ID", {"command": "REQ", "param": "x-id"}]}): the first that has a value.
Status compile_coalesce(std::string_view arguments, FormatStep& step) {
  auto object = nlohmann::json::parse(arguments, nullptr, false);
  if (!object.is_object() || !object.contains("operators") || !object["operators"].is_array()) {
    return fail("takes {\"operators\": [...]}");
  }
  for (const auto& entry : object["operators"]) {
    std::string name, parameters;
    if (entry.is_string()) {
      name = entry.get<std::string>();
    } else if (entry.is_object() && entry.contains("command") && entry["command"].is_string()) {
      name = entry["command"].get<std::string>();
      if (entry.contains("param") && entry["param"].is_string()) parameters = entry["param"].get<std::string>();
    } else {
      return fail("an operator is a name, or {\"command\": name, \"param\": text}");
    }
    if (name == "COALESCE") return fail("COALESCE cannot be nested");
    FormatStep inner;
    if (auto status = compile_operator(name, parameters, !parameters.empty(), inner); !status) return status;
    if (inner.extract) step.steps.push_back(std::move(inner));
  }
  return {};
}

void coalesce(const FormatStep& step, const StreamInfo& info, FormatValue& value) {
  value.set_missing();
  for (const FormatStep& inner : step.steps) {
    inner.extract(inner, info, value);
    if (value.kind != FormatValue::Kind::kMissing) return;
  }
}

#define PROA_WIRE_BYTES(NAME, SIDE)                                                                        \
  {NAME "_WIRE_BYTES_RECEIVED", wire_bytes<&StreamInfo::SIDE, &http::StreamBytes::received>},              \
      {NAME "_WIRE_BYTES_SENT", wire_bytes<&StreamInfo::SIDE, &http::StreamBytes::sent>},                  \
      {NAME "_HEADER_BYTES_RECEIVED", wire_bytes<&StreamInfo::SIDE, &http::StreamBytes::head_received>}, { \
    NAME "_HEADER_BYTES_SENT", wire_bytes<&StreamInfo::SIDE, &http::StreamBytes::head_sent>                \
  }

constexpr FormatOperator kOperators[] = {
    {"PROTOCOL", protocol},
    {"UPSTREAM_PROTOCOL", upstream_protocol},
    {"RESPONSE_CODE", number<&StreamInfo::response_code>},
    {"RESPONSE_CODE_DETAILS", code_details},
    {"RESPONSE_FLAGS", flags<false>},
    {"RESPONSE_FLAGS_LONG", flags<true>},
    {"CONNECTION_TERMINATION_DETAILS", text<&StreamInfo::connection_termination_details>},
    {"LOCAL_REPLY_BODY", local_reply_body},
    {"BYTES_RECEIVED", number<&StreamInfo::bytes_received>},
    {"BYTES_SENT", number<&StreamInfo::bytes_sent>},
    PROA_WIRE_BYTES("DOWNSTREAM", downstream_bytes),
    PROA_WIRE_BYTES("UPSTREAM", upstream_bytes),
    {"UPSTREAM_REQUEST_ATTEMPT_COUNT", number<&StreamInfo::upstream_attempts>},
    {"UPSTREAM_CLUSTER", text<&StreamInfo::upstream_cluster>},
    {"UPSTREAM_CLUSTER_RAW", text<&StreamInfo::upstream_cluster_raw>},
    {"ROUTE_NAME", text<&StreamInfo::route_name>},
    {"VIRTUAL_HOST_NAME", text<&StreamInfo::virtual_host_name>},
    {"VIRTUAL_CLUSTER_NAME", text<&StreamInfo::virtual_cluster_name>},
    {"FILTER_CHAIN_NAME", text<&StreamInfo::filter_chain_name>},
    {"CUSTOM_FLAGS", text<&StreamInfo::custom_flags>},
    {"TRACE_ID", text<&StreamInfo::trace_id>},
    {"SPAN_ID", text<&StreamInfo::span_id>},
    {"STREAM_ID", stream_id},
    {"UNIQUE_ID", unique_id},
    {"HOSTNAME", hostname},
    {"ENVIRONMENT", nullptr, compile_environment},
    {"ACCESS_LOG_TYPE", access_log_type},
    {"DYNAMIC_METADATA", metadata, compile_metadata<MetadataSource::kDynamic>},
    {"CLUSTER_METADATA", metadata, compile_metadata<MetadataSource::kCluster>},
    {"UPSTREAM_METADATA", metadata, compile_metadata<MetadataSource::kHost>},
    {"METADATA", metadata, compile_typed_metadata},
    {"FILTER_STATE", metadata, compile_filter_state},
    {"UPSTREAM_FILTER_STATE", metadata, compile_filter_state},
    {"PER_REQUEST_STATE", metadata, compile_filter_state},
    {"COALESCE", coalesce, compile_coalesce},
};
#undef PROA_WIRE_BYTES

}  // namespace

std::span<const FormatOperator> exchange_operators() { return kOperators; }

}  // namespace proa::observe
