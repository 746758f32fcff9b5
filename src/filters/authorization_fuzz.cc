// What an authorization service answers, over gRPC and over HTTP: any bytes give an answer of which nothing can break a
// message, and what cannot be read allows nothing.
//
// Input: a byte that chooses. gRPC: a CheckResponse. HTTP: two bytes of status, then lines "name: value", an empty line and
// the body.
#include <cstdint>
#include <cstdlib>

#include "filters/authorization.h"
#include "http/header_validity.h"

namespace {

using namespace proa;
using namespace proa::filters;
using What = AuthorizationAnswer::What;

void require(bool condition) {
  if (!condition) std::abort();
}

void check(const AuthorizationAnswer& answer) {
  for (const HeaderPairs* pairs : {&answer.set, &answer.append, &answer.response_set, &answer.response_append}) {
    for (const auto& [name, value] : *pairs) {
      require(http::is_token(name) && http::is_field_value(value));
      require(name != "content-length" && name != "transfer-encoding" && name != "host" && name != "connection");
    }
  }
  for (const std::string& name : answer.remove) {
    require(name != "content-length" && name != "transfer-encoding" && name != "host" && name != "connection");
  }
  const bool requests = !answer.set.empty() || !answer.append.empty() || !answer.remove.empty();
  if (answer.what != What::kOk) require(!requests);
  if (answer.what == What::kError) {
    require(answer.response_set.empty() && answer.response_append.empty() && answer.body.empty());
  }
}

void check_http(std::string_view bytes) {
  if (bytes.size() < 2) return;
  const auto status = static_cast<uint16_t>(static_cast<uint8_t>(bytes[0]) << 8 | static_cast<uint8_t>(bytes[1]));
  bytes.remove_prefix(2);
  Arena arena;
  http::HeaderList headers(arena);
  while (!bytes.empty() && bytes[0] != '\n') {
    const std::string_view line = bytes.substr(0, bytes.find('\n'));
    bytes.remove_prefix(std::min(bytes.size(), line.size() + 1));
    const size_t colon = line.find(':');
    if (colon == line.npos || !http::is_token(line.substr(0, colon))) continue;  // no codec would give it
    headers.add(line.substr(0, colon), line.substr(colon + 1));
  }
  AuthorizationService service;
  service.upstream_headers.push_back(http::StringMatcher::prefix("x-"));
  service.upstream_headers_appended.push_back(http::StringMatcher::prefix("y-"));
  service.client_headers_on_success.push_back(http::StringMatcher::prefix("z-"));
  const AuthorizationAnswer answer = read_http_answer(service, status, headers, bytes);
  check(answer);
  require((answer.what == What::kOk) == (status == 200));
  require((answer.what == What::kError) == (status == 0 || status >= 500));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] & 1) {
    check_http(bytes);
  } else {
    check(read_check_response(bytes));
  }
  return 0;
}
