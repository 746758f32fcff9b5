#include "route/redirect.h"

#include "http/uri.h"
#include "route/candidates.h"
#include "route/rewrite.h"

namespace proa::route {
namespace {

// Where the port of an authority begins (its ":"), or npos.
size_t port_position(std::string_view authority) {
  if (authority.starts_with('[')) {
    size_t close = authority.rfind("]:");
    return close == std::string_view::npos ? close : close + 1;
  }
  return authority.rfind(':');
}

// The request's authority, without a port that would be wrong after the redirect.
std::string_view kept_host(const Redirect& redirect, const http::RequestHead& request, std::string_view scheme) {
  std::string_view host = request.authority;
  size_t colon = port_position(host);
  if (colon == std::string_view::npos) return host;
  std::string_view port = host.substr(colon);
  // What the connection spoke, which may differ from the scheme of the target.
  std::string_view spoken = request.headers.value(http::HeaderId::kXForwardedProto);
  if (spoken.empty()) spoken = request.scheme;
  bool drop = redirect.port != 0;
  if (scheme != spoken) drop |= (spoken == "https" && port == ":443") || (spoken == "http" && port == ":80");
  return drop ? host.substr(0, colon) : host;
}

std::string new_path(const Route& route, const Redirect& redirect, const http::RequestHead& request, Arena& arena) {
  if (auto* path = std::get_if<Redirect::Path>(&redirect.path)) {
    // Its own query wins, and is not stripped.
    if (path->path.find('?') != std::string::npos) return path->path;
    size_t mark = request.path.find('?');
    std::string result = path->path;
    if (mark != std::string_view::npos && !redirect.strip_query) result += request.path.substr(mark);
    return result;
  }
  std::string result(request.path);
  if (auto* prefix = std::get_if<Redirect::Prefix>(&redirect.path)) {
    result = replace_matched(route, request.path, prefix->prefix);
  } else if (auto* regex = std::get_if<http::RegexRewrite>(&redirect.path)) {
    std::string_view path = without_query(request.path);
    result = regex->pattern.replace_all(path, regex->substitution, arena);
    result += request.path.substr(path.size());
  }
  if (redirect.strip_query) result.resize(std::min(result.size(), result.find('?')));
  return result;
}

}  // namespace

std::string_view redirect_location(const Route& route, const http::RequestHead& request, Arena& arena) {
  const Redirect& redirect = *route.redirect();
  std::string_view scheme = redirect.scheme.empty() ? request.scheme : std::string_view(redirect.scheme);
  if (scheme.empty()) scheme = "http";
  std::string out;
  append_encoded(scheme, out);
  out += "://";
  append_encoded(redirect.host.empty() ? kept_host(redirect, request, scheme) : std::string_view(redirect.host), out);
  if (redirect.port) out += ":" + std::to_string(redirect.port);
  std::string path = new_path(route, redirect, request, arena);
  if (!path.starts_with('/')) out += '/';
  append_encoded(path, out);
  return arena.copy(out);
}

std::string_view direct_body(const DirectResponse& response, const observe::StreamInfo& info, Arena& arena) {
  if (response.empty) return {};
  if (!response.json) {
    if (const std::string* text = response.body.constant()) return *text;
  }
  std::string out;
  if (response.json) {
    response.json->format(info, out);
    out += '\n';
  } else {
    response.body.format(info, out);
  }
  return arena.copy(out);
}

}  // namespace proa::route
