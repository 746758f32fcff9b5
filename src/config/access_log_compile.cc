#include "config/access_log_compile.h"

#include <fmt/format.h>

#include "config/matcher_compile.h"
#include "config/route_compile.h"
#include "config/supported.h"
#include "config/typed_payload.h"
#include "config/values.h"
#include "envoy/extensions/access_loggers/file/v3/file.pb.h"
#include "envoy/extensions/access_loggers/filters/cel/v3/cel.pb.h"
#include "envoy/extensions/access_loggers/stream/v3/stream.pb.h"
#include "observe/cel_log_filter.h"
#include "observe/response_flags.h"

namespace proa::config {

namespace al = envoy::config::accesslog::v3;
namespace core = envoy::config::core::v3;
namespace hcm = envoy::extensions::filters::network::http_connection_manager::v3;
namespace loggers = envoy::extensions::access_loggers;
using observe::AccessLogFilterPtr;
using observe::FormatTarget;
using observe::Formatter;
using observe::JsonFormatter;

namespace {

observe::Comparison comparison(al::ComparisonFilter::Op from) {
  switch (from) {
    case al::ComparisonFilter::GE: return observe::Comparison::kGreaterOrEqual;
    case al::ComparisonFilter::LE: return observe::Comparison::kLessOrEqual;
    case al::ComparisonFilter::NE: return observe::Comparison::kNotEqual;
    default: return observe::Comparison::kEqual;
  }
}

std::vector<AccessLogFilterPtr> filters(const google::protobuf::RepeatedPtrField<al::AccessLogFilter>& from,
                                        const Site& at) {
  std::vector<AccessLogFilterPtr> list;
  for (int i = 0; i < from.size(); ++i) {
    const Site item = at[static_cast<size_t>(i)];
    if (auto filter = compile_access_log_filter(from[i], item)) list.push_back(std::move(filter));
  }
  return list;
}

AccessLogFilterPtr flags_filter(const al::ResponseFlagFilter& from, const Site& at) {
  observe::ResponseFlags flags;
  const Site list = at / "flags";
  for (int i = 0; i < from.flags_size(); ++i) {
    auto flag = observe::response_flag(from.flags(i));
    if (flag) {
      flags.set(static_cast<size_t>(*flag));
    } else {
      list[static_cast<size_t>(i)].error(fmt::format("{} is no response flag", shown(from.flags(i))));
    }
  }
  return observe::response_flag_filter(flags);
}

/// What a logger's messages say about their format, which differs by age.
template <class Logger>
std::shared_ptr<const observe::LogFormat> log_format(const Logger& from, const Site& at) {
  auto to = std::make_shared<observe::LogFormat>();
  auto text = [&](std::string_view format, const Site& where, bool omit_empty) {
    Result<Formatter> compiled = Formatter::compile(format, FormatTarget::kLog, omit_empty);
    if (compiled) {
      to->text = std::move(*compiled);
    } else {
      where.error(compiled.error().message);
    }
  };
  if (!from.has_log_format()) {
    text(observe::kDefaultLogFormat, at, false);
    return to;
  }
  const core::SubstitutionFormatString& format = from.log_format();
  const Site where = at / "log_format";
  if (format.has_json_format()) {
    Result<JsonFormatter> compiled =
        JsonFormatter::compile(to_json_value(format.json_format()), format.omit_empty_values());
    if (compiled) {
      to->json = std::move(*compiled);
    } else {
      (where / "json_format").error(compiled.error().message);
    }
  } else if (format.has_text_format_source()) {
    const Site source = where / "text_format_source";
    if (auto bytes = data(format.text_format_source(), source)) text(*bytes, source, format.omit_empty_values());
  } else {
    text(format.text_format(), where / "text_format", format.omit_empty_values());
  }
  return to;
}

std::shared_ptr<const observe::AccessLog> make_log(const std::string& path,
                                                   std::shared_ptr<const observe::LogFormat> format,
                                                   AccessLogFilterPtr filter, const Site& at, Compiler& compiler) {
  if (path == "/dev/null") return nullptr;
  auto file = compiler.shared.log_file(path);
  if (!file) {
    at.error(file.error().message);
    return nullptr;
  }
  return std::make_shared<const observe::AccessLog>(std::move(*file), std::move(format), std::move(filter));
}

AccessLogFilterPtr compile_extension_filter(const al::ExtensionFilter& from, const Site& at) {
  const Site config = at / "extension_filter.typed_config";
  const std::optional<Payload> payload = open_any(from.typed_config(), config);
  if (!payload) return nullptr;
  const Site inside = payload->inside(config);
  const auto* cel = dynamic_cast<const loggers::filters::cel::v3::ExpressionFilter*>(payload->message.get());
  if (!cel) return nullptr;  // check_supported has named it
  auto expression = observe::CelExpression::compile(cel->expression());
  if (expression) return observe::cel_filter(std::move(*expression));
  (inside / "expression").error(expression.error().message);
  return nullptr;
}

}  // namespace

AccessLogFilterPtr compile_access_log_filter(const al::AccessLogFilter& from, const Site& at) {
  switch (from.filter_specifier_case()) {
    case al::AccessLogFilter::kStatusCodeFilter: {
      const auto& compare = from.status_code_filter().comparison();
      return observe::status_code_filter(comparison(compare.op()), compare.value().default_value());
    }
    case al::AccessLogFilter::kDurationFilter: {
      const auto& compare = from.duration_filter().comparison();
      return observe::duration_filter(comparison(compare.op()), compare.value().default_value());
    }
    case al::AccessLogFilter::kNotHealthCheckFilter: return observe::not_health_check_filter();
    case al::AccessLogFilter::kTraceableFilter: return observe::traceable_filter();
    case al::AccessLogFilter::kRuntimeFilter: {
      const route::Share part = share(from.runtime_filter().percent_sampled());
      return observe::fraction_filter(part.numerator * (1'000'000 / part.denominator));
    }
    case al::AccessLogFilter::kAndFilter:
      return observe::all_of_filter(filters(from.and_filter().filters(), at / "and_filter.filters"));
    case al::AccessLogFilter::kOrFilter:
      return observe::any_of_filter(filters(from.or_filter().filters(), at / "or_filter.filters"));
    case al::AccessLogFilter::kHeaderFilter: {
      auto matcher = header_matcher(from.header_filter().header(), at / "header_filter.header");
      return matcher ? observe::header_filter(std::move(*matcher)) : nullptr;
    }
    case al::AccessLogFilter::kResponseFlagFilter:
      return flags_filter(from.response_flag_filter(), at / "response_flag_filter");
    case al::AccessLogFilter::kGrpcStatusFilter: {
      std::vector<uint32_t> statuses;
      for (int status : from.grpc_status_filter().statuses()) statuses.push_back(static_cast<uint32_t>(status));
      return observe::grpc_status_filter(std::move(statuses), from.grpc_status_filter().exclude());
    }
    case al::AccessLogFilter::kMetadataFilter: {
      auto matcher = metadata_matcher(from.metadata_filter().matcher(), observe::MetadataSource::kDynamic,
                                      at / "metadata_filter.matcher");
      const bool when_missing = !from.metadata_filter().has_match_if_key_not_found() ||
                                from.metadata_filter().match_if_key_not_found().value();
      return matcher ? observe::metadata_filter(std::move(*matcher), when_missing) : nullptr;
    }
    case al::AccessLogFilter::kExtensionFilter: return compile_extension_filter(from.extension_filter(), at);
    default: return nullptr;
  }
}

std::vector<std::shared_ptr<const observe::AccessLog>> compile_access_logs(
    const google::protobuf::RepeatedPtrField<al::AccessLog>& from, const Site& at, Compiler& compiler) {
  std::vector<std::shared_ptr<const observe::AccessLog>> logs;
  for (int i = 0; i < from.size(); ++i) {
    const Site item = at[static_cast<size_t>(i)];
    const Site config = item / "typed_config";
    const std::optional<Payload> payload = open_any(from[i].typed_config(), config);
    if (!payload) continue;
    AccessLogFilterPtr filter =
        from[i].has_filter() ? compile_access_log_filter(from[i].filter(), item / "filter") : nullptr;
    const Site inside = payload->inside(config);
    std::shared_ptr<const observe::AccessLog> log;
    if (auto* file = dynamic_cast<const loggers::file::v3::FileAccessLog*>(payload->message.get())) {
      log = make_log(file->path(), log_format(*file, inside), std::move(filter), inside / "path", compiler);
    } else if (auto* out = dynamic_cast<const loggers::stream::v3::StdoutAccessLog*>(payload->message.get())) {
      log = make_log("/dev/stdout", log_format(*out, inside), std::move(filter), inside, compiler);
    } else if (auto* err = dynamic_cast<const loggers::stream::v3::StderrAccessLog*>(payload->message.get())) {
      log = make_log("/dev/stderr", log_format(*err, inside), std::move(filter), inside, compiler);
    }
    if (log) logs.push_back(std::move(log));
  }
  return logs;
}

proxy::BodyFormat compile_body_format(const core::SubstitutionFormatString& from, const Site& at) {
  proxy::BodyFormat to;
  if (from.has_json_format()) {
    to.content_type = "application/json";
    auto compiled = JsonFormatter::compile(to_json_value(from.json_format()), from.omit_empty_values());
    compiled ? void(to.json = std::move(*compiled)) : (at / "json_format").error(compiled.error().message);
  } else {
    std::string text = from.text_format();
    if (from.has_text_format_source()) text = data(from.text_format_source(), at / "text_format_source").value_or("");
    auto compiled = Formatter::compile(text, FormatTarget::kBody, from.omit_empty_values());
    compiled ? void(to.text = std::move(*compiled)) : (at / "text_format").error(compiled.error().message);
  }
  if (!from.content_type().empty()) to.content_type = from.content_type();
  return to;
}

proxy::LocalReplyConfig compile_local_replies(const hcm::LocalReplyConfig& from, const Site& at, Compiler&) {
  proxy::LocalReplyConfig to;
  const Site mappers = at / "mappers";
  for (int i = 0; i < from.mappers_size(); ++i) {
    const hcm::ResponseMapper& mapper = from.mappers(i);
    const Site item = mappers[static_cast<size_t>(i)];
    proxy::LocalReplyMapper compiled;
    compiled.filter = compile_access_log_filter(mapper.filter(), item / "filter");
    compiled.status = static_cast<uint16_t>(mapper.status_code().value());
    if (mapper.has_body()) compiled.body = data(mapper.body(), item / "body");
    if (mapper.has_body_format_override()) {
      compiled.format = compile_body_format(mapper.body_format_override(), item / "body_format_override");
    }
    if (mapper.headers_to_add_size()) {
      auto ops = std::make_shared<route::HeaderOps>();
      const Site headers = item / "headers_to_add";
      compile_header_additions(mapper.headers_to_add(), *ops, headers);
      compiled.headers = std::move(ops);
    }
    to.mappers.push_back(std::move(compiled));
  }
  if (from.has_body_format()) to.format = compile_body_format(from.body_format(), at / "body_format");
  return to;
}

void add_access_log_fields(SupportedTable& table) {
  table.add(supported<al::AccessLog>({"name", "filter", "typed_config"}));
  table.add(supported<al::AccessLogFilter>({"status_code_filter", "duration_filter", "not_health_check_filter",
                                            "traceable_filter", "runtime_filter", "and_filter", "or_filter",
                                            "header_filter", "response_flag_filter", "grpc_status_filter",
                                            "metadata_filter", "extension_filter"}));
  table.add(supported<al::ExtensionFilter>({"name", "typed_config"}));
  table.add(supported<loggers::filters::cel::v3::ExpressionFilter>({"expression"}));
  table.add(supported<al::StatusCodeFilter>({"comparison"}));
  table.add(supported<al::DurationFilter>({"comparison"}));
  table.add(supported<al::ComparisonFilter>({"op", "value"}));
  table.add(supported<core::RuntimeUInt32>({"default_value"}).harmless({"runtime_key"}, "the default is used"));
  table.add(supported<al::NotHealthCheckFilter>({}));
  table.add(supported<al::TraceableFilter>({}));
  table.add(supported<al::RuntimeFilter>({"percent_sampled"})
                .harmless({"runtime_key", "use_independent_randomness"}, "the share is percent_sampled"));
  table.add(supported<al::AndFilter>({"filters"}));
  table.add(supported<al::OrFilter>({"filters"}));
  table.add(supported<al::HeaderFilter>({"header"}));
  table.add(supported<al::ResponseFlagFilter>({"flags"}));
  table.add(supported<al::GrpcStatusFilter>({"statuses", "exclude"}));
  table.add(supported<al::MetadataFilter>({"matcher", "match_if_key_not_found"}));
  table.add(supported<loggers::file::v3::FileAccessLog>({"path", "log_format"}));
  table.add(supported<loggers::stream::v3::StdoutAccessLog>({"log_format"}));
  table.add(supported<loggers::stream::v3::StderrAccessLog>({"log_format"}));
  table.add(supported<core::SubstitutionFormatString>(
                {"text_format", "json_format", "text_format_source", "omit_empty_values", "content_type"})
                .harmless({"formatters"}, "all operators are built in")
                .harmless({"json_format_options"}, "keys are sorted"));
  table.add(supported<hcm::LocalReplyConfig>({"mappers", "body_format"}));
  table.add(
      supported<hcm::ResponseMapper>({"filter", "status_code", "body", "body_format_override", "headers_to_add"}));
}

}  // namespace proa::config
