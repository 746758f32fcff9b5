#include "http/header_case.h"

#include "http/header_validity.h"

namespace proa::http {

std::string_view HeaderCase::find(std::string_view lower_case_name) const {
  for (std::string_view name : names_) {
    if (equal_ignoring_case(name, lower_case_name)) return name;
  }
  return {};
}

const HeaderCase* read_header_case(std::string_view section, PreserveCase mode, Arena& arena) {
  auto* spelling = arena.make<HeaderCase>(mode == PreserveCase::kElseProperCase);
  for (size_t line = section.find('\n'); line != std::string_view::npos; line = section.find('\n', line + 1)) {
    const size_t colon = section.find_first_of(":\r\n", line + 1);
    if (colon == std::string_view::npos || section[colon] != ':') continue;  // the empty line
    spelling->add(arena.copy(section.substr(line + 1, colon - line - 1)));
  }
  return spelling;
}

}  // namespace proa::http
