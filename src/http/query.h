// The parameters of a query string, as routes match them: split at "&" and the first "=", not decoded.
#pragma once

#include <optional>
#include <string_view>

namespace proa::http {

struct QueryParameter {
  std::string_view name;
  std::string_view value;  ///< empty both for "a=" and for "a"
};

/// Calls f(QueryParameter) for each non-empty parameter of the path (or absolute URL) until f returns false.
template <class F>
void for_each_query_parameter(std::string_view path, F f) {
  size_t question = path.find('?');
  if (question == path.npos) return;
  std::string_view rest = path.substr(question + 1);
  rest = rest.substr(0, rest.find('#'));
  while (!rest.empty()) {
    size_t end = rest.find('&');
    std::string_view parameter = rest.substr(0, end);
    if (!parameter.empty()) {
      size_t equals = parameter.find('=');
      bool has_value = equals != parameter.npos;
      if (!f(QueryParameter{parameter.substr(0, equals),
                            has_value ? parameter.substr(equals + 1) : std::string_view()})) {
        return;
      }
    }
    if (end == rest.npos) return;
    rest.remove_prefix(end + 1);
  }
}

/// The value of the first parameter of that name; nullopt when there is none.
inline std::optional<std::string_view> query_parameter(std::string_view path, std::string_view name) {
  std::optional<std::string_view> value;
  for_each_query_parameter(path, [&](QueryParameter parameter) {
    if (parameter.name != name) return true;
    value = parameter.value;
    return false;
  });
  return value;
}

}  // namespace proa::http
