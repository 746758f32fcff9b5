// A hostile template, rewrite and path: a template that compiles has a pattern that compiles, and a rewrite of a path
// that does not match leaves it alone.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "route/uri_template.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace proa;
  std::string_view input(reinterpret_cast<const char*>(data), size);
  auto next_line = [&] {
    size_t end = input.find('\n');
    std::string_view line = input.substr(0, end);
    input = end == input.npos ? std::string_view() : input.substr(end + 1);
    return line;
  };
  std::string_view text = next_line(), target = next_line(), path = input;
  auto match = route::UriTemplate::compile(text);
  if (!match) return 0;
  if (match->variables().size() > 5) std::abort();
  auto rewrite = route::UriTemplateRewrite::compile(target, *match);
  if (!rewrite) return 0;
  Arena arena;
  std::string_view result = rewrite->rewrite(path, *match, arena);
  if (!match->matches(path) && result != path) std::abort();
  if (match->matches(path) && !result.starts_with('/') && !target.starts_with('{')) std::abort();
  return 0;
}
