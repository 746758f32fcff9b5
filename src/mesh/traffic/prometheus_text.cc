#include "mesh/traffic/prometheus_text.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <optional>

namespace proa::mesh {

namespace {

/// Takes `NAME="VALUE"` from the front of `rest`; nothing: that is not what stands there.
std::optional<std::pair<std::string, std::string>> take_label(std::string_view& rest) {
  const std::size_t equals = rest.find('=');
  if (equals == std::string_view::npos || equals == 0 || rest.substr(equals + 1, 1) != "\"") return std::nullopt;
  std::string value;
  for (std::size_t at = equals + 2; at < rest.size(); ++at) {
    if (rest[at] == '"') {
      std::pair<std::string, std::string> out(rest.substr(0, equals), std::move(value));
      rest.remove_prefix(at + 1);
      return out;
    }
    const bool escaped = rest[at] == '\\' && at + 1 < rest.size();
    if (escaped) ++at;
    value += escaped && rest[at] == 'n' ? '\n' : rest[at];
  }
  return std::nullopt;
}

std::optional<double> number_of(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  text = text.substr(0, text.find(' '));  // a time may follow
  if (text == "+Inf" || text == "Inf") return INFINITY;
  if (text == "-Inf") return -INFINITY;
  if (text == "NaN") return NAN;
  double out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

std::optional<Sample> sample_of(std::string_view name, std::string_view rest) {
  Sample out{.name = std::string(name)};
  if (rest.starts_with('{')) {
    rest.remove_prefix(1);
    while (!rest.starts_with('}')) {
      auto label = take_label(rest);
      if (!label) return std::nullopt;
      out.labels.insert(std::move(*label));
      if (rest.starts_with(',')) rest.remove_prefix(1);
    }
    rest.remove_prefix(1);
  }
  const auto value = number_of(rest);
  if (!value) return std::nullopt;
  out.value = *value;
  return out;
}

}  // namespace

Result<std::vector<Sample>> read_prometheus(std::string_view text, const std::set<std::string, std::less<>>& names) {
  std::vector<Sample> out;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    const std::size_t name = std::min(line.find_first_of("{ "), line.size());
    if (!names.contains(line.substr(0, name))) continue;
    auto sample = sample_of(line.substr(0, name), line.substr(name));
    if (!sample) return fail(fmt::format("line {} is no metric: {}", number, line.substr(0, 200)));
    out.push_back(std::move(*sample));
  }
  return out;
}

}  // namespace proa::mesh
