#include "route/route_match.h"

#include <algorithm>

#include "http/cookie.h"
#include "http/query.h"
#include "net/transport.h"

namespace proa::route {
namespace {

bool holds(const QueryParameterMatch& match, std::string_view path) {
  auto value = http::query_parameter(path, match.name);
  if (!match.value) return value.has_value() == match.present;
  return value && match.value->matches(*value);
}

bool holds(const CookieMatch& match, const http::HeaderList& headers) {
  auto value = http::cookie(headers, match.name);
  return (value && match.value.matches(*value)) != match.invert;
}

bool holds(const TlsMatch& match, const observe::StreamInfo& info) {
  const net::TlsInfo* tls = info.downstream ? info.downstream->tls.get() : nullptr;
  return (!match.presented || *match.presented == (tls && tls->presented)) &&
         (!match.validated || *match.validated == (tls && tls->validated));
}

std::string in_quotes(std::string_view text) { return "\"" + std::string(text) + "\""; }

std::string query_reason(const QueryParameterMatch& match, std::string_view path) {
  auto value = http::query_parameter(path, match.name);
  return "query parameter " + in_quotes(match.name) + (value ? " is " + in_quotes(*value) : " is absent") +
         ", wanted " +
         (match.value     ? match.value->describe()
          : match.present ? "present"
                          : "absent");
}

std::string header_reason(const http::HeaderMatcher& match, const http::RequestHead& request) {
  auto value = http::request_value(request, match.name());
  return match.describe() + " does not hold: it is " + (value ? in_quotes(*value) : "absent");
}

}  // namespace

bool Conditions::none() const {
  return !grpc && !fraction && headers.empty() && query.empty() && cookies.empty() && !tls && metadata.empty();
}

bool Conditions::hold(const MatchInput& input) const {
  const http::RequestHead& request = input.request;
  if (grpc && !http::is_grpc(request.headers)) return false;
  if (fraction && !fraction->includes(input.random, input.runtime)) return false;
  for (const auto& match : headers) {
    if (!match.matches(request)) return false;
  }
  for (const auto& match : query) {
    if (!holds(match, request.path)) return false;
  }
  for (const auto& match : cookies) {
    if (!holds(match, request.headers)) return false;
  }
  if (tls && !holds(*tls, input.info)) return false;
  return std::all_of(metadata.begin(), metadata.end(), [&](const auto& match) { return match.matches(input.info); });
}

std::string Conditions::why_not(const MatchInput& input) const {
  const http::RequestHead& request = input.request;
  if (grpc && !http::is_grpc(request.headers)) return "the request is not gRPC";
  if (fraction && !fraction->includes(input.random, input.runtime)) return "runtime_fraction leaves this request out";
  for (const auto& match : headers) {
    if (!match.matches(request)) return header_reason(match, request);
  }
  for (const auto& match : query) {
    if (!holds(match, request.path)) return query_reason(match, request.path);
  }
  for (const auto& match : cookies) {
    if (holds(match, request.headers)) continue;
    auto value = http::cookie(request.headers, match.name);
    return "cookie " + in_quotes(match.name) + (value ? " is " + in_quotes(*value) : " is absent") + ", wanted " +
           (match.invert ? "not: " : "") + match.value.describe();
  }
  if (tls && !holds(*tls, input.info)) return "the client certificate is not as tls_context wants it";
  for (const auto& match : metadata) {
    if (!match.matches(input.info)) return match.describe() + ", and it is otherwise";
  }
  return "";
}

std::string describe(const RouteMatch& match) {
  struct {
    std::string operator()(const PathPrefix& m) const { return "prefix " + in_quotes(m.prefix); }
    std::string operator()(const PathExact& m) const { return "path " + in_quotes(m.path); }
    std::string operator()(const PathRegex& m) const { return "regex " + in_quotes(m.regex.pattern()); }
    std::string operator()(const PathSegments& m) const { return "path-separated prefix " + in_quotes(m.prefix); }
    std::string operator()(const PathTemplate& m) const { return "URI template " + in_quotes(m.uri_template.text()); }
    std::string operator()(const AnyConnect&) const { return "CONNECT"; }
  } text;
  return std::visit(text, match.path) + (match.case_sensitive ? "" : " (any case)");
}

}  // namespace proa::route
