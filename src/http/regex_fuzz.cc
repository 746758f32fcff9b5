// A hostile pattern, a text and a substitution (threats D6): compiling is refused or bounded, matching is linear.
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <string_view>

#include "http/regex.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace proa;
  std::string_view input(reinterpret_cast<const char*>(data), size);
  auto next_line = [&] {
    size_t end = input.find('\n');
    std::string_view line = input.substr(0, end);
    input = end == input.npos ? std::string_view() : input.substr(end + 1);
    return line;
  };
  std::string_view pattern = next_line(), substitution = next_line(), text = input;
  const std::clock_t begin = std::clock();  // of this process: others may keep the machine busy
  auto regex = http::Regex::compile(pattern);
  // 50 ms in a release build; sanitizers are slower.
  if (std::clock() - begin > 2 * CLOCKS_PER_SEC) std::abort();
  if (!regex) {
    if (regex.error().message.empty()) std::abort();
    return 0;
  }
  Arena arena;
  bool matches = regex->full_match(text);
  if (!regex->check_substitution(substitution)) return 0;
  std::string_view replaced = regex->replace_all(text, substitution, arena);
  if (matches && substitution.empty() && replaced.size() > text.size()) std::abort();
  return 0;
}
