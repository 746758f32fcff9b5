#include "net/http_inspector.h"

#include <algorithm>

namespace proa::net {
namespace {

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr size_t kMaxMethod = 32;

// RFC 9110 section 5.6.2
bool is_token(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool is_target(char c) { return static_cast<unsigned char>(c) > 0x20 && c != 0x7f; }

HttpInspection inspect_version(std::string_view rest) {
  constexpr std::string_view kName = "HTTP/1.";
  size_t known = std::min(rest.size(), kName.size());
  if (rest.substr(0, known) != kName.substr(0, known)) return HttpInspection::kNot;
  if (rest.size() < kName.size() + 2) {
    bool wrong = rest.size() > kName.size() && rest[kName.size()] != '0' && rest[kName.size()] != '1';
    return wrong ? HttpInspection::kNot : HttpInspection::kNeedMore;
  }
  char minor = rest[kName.size()];
  char end = rest[kName.size() + 1];
  if (end != '\r' && end != '\n') return HttpInspection::kNot;
  if (minor == '1') return HttpInspection::kHttp11;
  return minor == '0' ? HttpInspection::kHttp10 : HttpInspection::kNot;
}

HttpInspection inspect_request_line(std::string_view line) {
  size_t method = static_cast<size_t>(std::find_if_not(line.begin(), line.end(), is_token) - line.begin());
  if (method > kMaxMethod) return HttpInspection::kNot;
  if (method == line.size()) return HttpInspection::kNeedMore;
  if (method == 0 || line[method] != ' ') return HttpInspection::kNot;
  std::string_view rest = line.substr(method + 1);
  size_t target = static_cast<size_t>(std::find_if_not(rest.begin(), rest.end(), is_target) - rest.begin());
  if (target == rest.size()) return HttpInspection::kNeedMore;
  if (target == 0 || rest[target] != ' ') return HttpInspection::kNot;
  return inspect_version(rest.substr(target + 1));
}

}  // namespace

HttpInspection inspect_http(std::string_view bytes, size_t limit) {
  // Some clients send an empty line after a body, which a server skips (RFC 9112 section 2.2).
  std::string_view text = bytes.substr(bytes.starts_with("\r\n") ? 2 : 0);
  if (text.empty() || text == "\r") return bytes.size() > 2 ? HttpInspection::kNot : HttpInspection::kNeedMore;
  size_t known = std::min(text.size(), kPreface.size());
  if (text.substr(0, known) == kPreface.substr(0, known)) {
    return known == kPreface.size() ? HttpInspection::kH2c : HttpInspection::kNeedMore;
  }
  HttpInspection line = inspect_request_line(text);
  if (line == HttpInspection::kNeedMore && bytes.size() >= limit) return HttpInspection::kNot;
  return line;
}

std::string_view protocol_name(HttpInspection inspection) {
  switch (inspection) {
    case HttpInspection::kHttp10: return "http/1.0";
    case HttpInspection::kHttp11: return "http/1.1";
    case HttpInspection::kH2c: return "h2c";
    default: return {};
  }
}

}  // namespace proa::net
