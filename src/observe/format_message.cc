// Operators of messages: headers, path, query, statuses.
#include <array>

#include "base/number.h"
#include "http/grpc_status.h"
#include "http/header_matcher.h"
#include "http/percent.h"
#include "http/query.h"
#include "http/string_matcher.h"
#include "observe/format_step.h"

namespace proa::observe {
namespace {

// "X?Y": the first of the two that is there.
Status compile_header(std::string_view arguments, FormatStep& step) {
  if (arguments.empty()) return fail("needs a header name");
  const size_t mark = arguments.find('?');
  step.text = http::to_lower(arguments.substr(0, mark));
  if (step.text.empty()) return fail("needs a header name before \"?\"");
  step.id = http::header_id(step.text);
  if (mark == std::string_view::npos) return {};
  step.alternate = http::to_lower(arguments.substr(mark + 1));
  step.alternate_id = http::header_id(step.alternate);
  if (step.alternate.find('?') != std::string::npos) return fail("takes at most one alternative (X?Y)");
  return {};
}

const http::Header* find(const http::HeaderList& headers, const std::string& name, http::HeaderId id) {
  return id == http::HeaderId::kOther ? headers.find(name) : headers.find(id);
}

bool set_request(const StreamInfo& info, const std::string& name, http::HeaderId id, FormatValue& value) {
  if (name[0] == ':' || id == http::HeaderId::kHost) {
    auto pseudo = http::request_value(*info.request, name);
    if (pseudo) value.set_present(*pseudo);
    return pseudo.has_value();
  }
  const http::Header* header = find(info.request->headers, name, id);
  if (header) value.set_present(header->value);
  return header;
}

void request_header(const FormatStep& step, const StreamInfo& info, FormatValue& value) {
  if (info.request && (set_request(info, step.text, step.id, value) ||
                       (!step.alternate.empty() && set_request(info, step.alternate, step.alternate_id, value)))) {
    return;
  }
  value.set_missing();
}

void request_header_without_query(const FormatStep& step, const StreamInfo& info, FormatValue& value) {
  request_header(step, info, value);
  if (value.kind == FormatValue::Kind::kText) value.text = value.text.substr(0, value.text.find('?'));
}

void list_header(const FormatStep& step, const http::HeaderList* headers, FormatValue& value) {
  const http::Header* header = headers ? find(*headers, step.text, step.id) : nullptr;
  if (!header && headers && !step.alternate.empty()) header = find(*headers, step.alternate, step.alternate_id);
  if (header) {
    value.set_present(header->value);
  } else {
    value.set_missing();
  }
}

void response_header(const FormatStep& step, const StreamInfo& info, FormatValue& value) {
  if (step.text == ":status") return info.response ? value.set(uint64_t{info.response->status}) : value.set_missing();
  list_header(step, info.response ? &info.response->headers : nullptr, value);
}

void trailer(const FormatStep& step, const StreamInfo& info, FormatValue& value) {
  list_header(step, info.response_trailers, value);
}

// PATH(WQ|NQ:ORIG|PATH|ORIG_OR_PATH): with or without query, of which path.
enum : uint32_t { kWithQuery = 1, kOriginal = 2, kCurrent = 4 };

Status compile_path(std::string_view arguments, FormatStep& step) {
  step.option = kWithQuery | kOriginal | kCurrent;
  size_t colon = arguments.find(':');
  std::string_view query = arguments.substr(0, colon);
  std::string_view which = colon == std::string_view::npos ? "" : arguments.substr(colon + 1);
  if (query == "NQ") {
    step.option &= ~kWithQuery;
  } else if (!query.empty() && query != "WQ") {
    return fail("\"" + std::string(query) + "\" must be WQ (with query) or NQ (no query)");
  }
  if (which == "ORIG") {
    step.option &= ~kCurrent;
  } else if (which == "PATH") {
    step.option &= ~kOriginal;
  } else if (!which.empty() && which != "ORIG_OR_PATH") {
    return fail("\"" + std::string(which) + "\" must be ORIG, PATH or ORIG_OR_PATH");
  }
  return {};
}

void path(const FormatStep& step, const StreamInfo& info, FormatValue& value) {
  if (!info.request) return value.set_missing();
  std::string_view text;
  if (step.option & kOriginal) text = info.request->headers.value(http::HeaderId::kXEnvoyOriginalPath);
  if (text.empty() && step.option & kCurrent) text = info.request->path;
  if (!(step.option & kWithQuery)) text = text.substr(0, text.find('?'));
  value.set(text);
}

Status compile_name(std::string_view arguments, FormatStep& step) {
  if (arguments.empty()) return fail("needs a name");
  step.text = arguments;
  return {};
}

void query_parameter(const FormatStep& step, const StreamInfo& info, FormatValue& value) {
  value.set_missing();
  if (!info.request) return;
  auto raw = http::query_parameter(info.request->path, step.text);
  if (!raw) return;
  auto decoded = http::percent_decode(*raw, info.request->headers.arena());
  value.set_present(decoded ? *decoded : *raw);
}

void query(const FormatStep&, const StreamInfo& info, FormatValue& value) {
  size_t mark = info.request ? info.request->path.find('?') : std::string_view::npos;
  value.set(mark == std::string_view::npos ? std::string_view() : info.request->path.substr(mark + 1));
}

void method_bytes(const http::HeaderList& headers, uint64_t pseudo, FormatValue& value) {
  value.set(headers.byte_size() - 32 * headers.size() + pseudo);
}
void request_headers_bytes(const FormatStep&, const StreamInfo& info, FormatValue& value) {
  if (!info.request) return value.set(uint64_t{0});
  const http::RequestHead& head = *info.request;
  method_bytes(head.headers, head.method.size() + head.path.size() + head.authority.size() + head.scheme.size(), value);
}
void response_headers_bytes(const FormatStep&, const StreamInfo& info, FormatValue& value) {
  if (!info.response) return value.set(uint64_t{0});
  method_bytes(info.response->headers, 3, value);
}
void response_trailers_bytes(const FormatStep&, const StreamInfo& info, FormatValue& value) {
  if (!info.response_trailers) return value.set(uint64_t{0});
  method_bytes(*info.response_trailers, 0, value);
}

// GRPC_STATUS in its three forms. Envoy's names.
enum : uint32_t { kCamel, kSnake, kNumber };
constexpr std::array<std::string_view, 17> kCamelNames = {
    "OK",       "Canceled",       "Unknown",          "InvalidArgument",   "DeadlineExceeded",
    "NotFound", "AlreadyExists",  "PermissionDenied", "ResourceExhausted", "FailedPrecondition",
    "Aborted",  "OutOfRange",     "Unimplemented",    "Internal",          "Unavailable",
    "DataLoss", "Unauthenticated"};

Status compile_grpc_status(std::string_view arguments, FormatStep& step) {
  if (arguments.empty() || arguments == "CAMEL_STRING") {
    step.option = kCamel;
  } else if (arguments == "SNAKE_STRING") {
    step.option = kSnake;
  } else if (arguments == "NUMBER") {
    step.option = kNumber;
  } else {
    return fail("\"" + std::string(arguments) + "\" must be CAMEL_STRING, SNAKE_STRING or NUMBER");
  }
  return {};
}

void grpc_status(const FormatStep& step, const StreamInfo& info, FormatValue& value) {
  value.set_missing();
  if (!info.request || !http::is_grpc(info.request->headers)) return;
  std::string_view text;
  if (info.response_trailers) text = info.response_trailers->value(http::HeaderId::kGrpcStatus);
  if (text.empty() && info.response) text = info.response->headers.value(http::HeaderId::kGrpcStatus);
  auto status = parse_decimal<uint32_t>(text);
  if (!status) {  // a reply that is no gRPC, such as a load balancer's 503
    if (!text.empty() || info.response_code == 0) return;
    status = static_cast<uint32_t>(http::grpc_status_of_http(info.response_code));
  }
  if (step.option == kNumber || *status >= kCamelNames.size()) return value.set(uint64_t{*status});
  value.set(step.option == kSnake ? http::to_string(static_cast<http::GrpcStatus>(*status)) : kCamelNames[*status]);
}

constexpr FormatOperator kOperators[] = {
    {"REQ", request_header, compile_header},
    {"REQUEST_HEADER", request_header, compile_header},
    {"REQ_WITHOUT_QUERY", request_header_without_query, compile_header},
    {"RESP", response_header, compile_header},
    {"RESPONSE_HEADER", response_header, compile_header},
    {"TRAILER", trailer, compile_header},
    {"RESPONSE_TRAILER", trailer, compile_header},
    {"PATH", path, compile_path},
    {"QUERY_PARAM", query_parameter, compile_name},
    {"QUERY_PARAMS", query},
    {"REQUEST_HEADERS_BYTES", request_headers_bytes},
    {"RESPONSE_HEADERS_BYTES", response_headers_bytes},
    {"RESPONSE_TRAILERS_BYTES", response_trailers_bytes},
    {"GRPC_STATUS", grpc_status, compile_grpc_status},
    {"GRPC_STATUS_NUMBER", grpc_status, nullptr, kNumber},
};

}  // namespace

std::span<const FormatOperator> message_operators() { return kOperators; }

}  // namespace proa::observe
