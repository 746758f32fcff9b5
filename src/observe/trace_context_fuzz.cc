// Whatever a client sends as its trace: what is read can be written, and reads the same again.
#include <cstdlib>
#include <string_view>

#include "observe/trace_context.h"

using namespace proa;
using namespace proa::observe;

namespace {

void require(bool held) {
  if (!held) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  Arena arena;
  if (auto context = parse_traceparent(text)) {
    require(context->has_ids());
    require(parse_traceparent(write_traceparent(*context, arena)) == context);
  }
  if (auto context = parse_b3(text)) {
    if (context->has_ids()) {
      auto again = parse_b3(write_b3(*context, arena));
      context->sampled = context->sampled.value_or(false);
      require(again == context);
    } else {
      require(context->sampled.has_value());
    }
  }
  valid_tracestate(text);
  http::HeaderList headers(arena);
  const std::string_view half = text.substr(0, size / 2);
  headers.add("traceparent", half);
  headers.add("tracestate", text.substr(size / 2));
  headers.add("b3", half);
  headers.add("x-b3-traceid", text.substr(0, 16));
  headers.add("x-b3-spanid", text.substr(size / 2));
  if (auto context = extract_w3c(headers)) inject_w3c(*context, headers);
  if (auto context = extract_b3(headers); context && context->has_ids()) inject_b3(*context, headers);
  return 0;
}
