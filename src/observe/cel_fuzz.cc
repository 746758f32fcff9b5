// Any text as an expression: it compiles or says why not, and then has one value for an exchange, also for one of which
// nothing is known.
#include <cstdint>
#include <cstdlib>

#include "net/transport.h"
#include "observe/cel.h"

namespace {

using namespace proa;
using namespace proa::observe;

void require(bool condition) {
  if (!condition) std::abort();
}

bool same(const CelValue& a, const CelValue& b) {
  const auto *x = std::get_if<double>(&a), *y = std::get_if<double>(&b);
  return a == b || (x && y && *x != *x && *y != *y);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto expression = CelExpression::compile(text);
  if (!expression) {
    require(!expression.error().message.empty());
    return 0;
  }
  Arena arena;
  http::RequestHead request(arena);
  http::ResponseHead response(arena);
  net::ConnectionInfo connection;
  request.method = "GET";
  request.path = "/a/b?x=1";
  request.authority = "shop.test";
  request.headers.add("x-user", "jason");
  StreamInfo known;
  known.request = &request;
  known.response = &response;
  known.response_code = 404;
  known.downstream = &connection;
  StreamInfo unknown;
  unknown.downstream = &connection;
  for (const StreamInfo* info : {&known, &unknown}) {
    const CelValue value = expression->evaluate(*info);
    require(same(value, expression->evaluate(*info)));
    require(expression->matches(*info) == (std::holds_alternative<bool>(value) && std::get<bool>(value)));
    (void)to_string(value);
  }
  return 0;
}
