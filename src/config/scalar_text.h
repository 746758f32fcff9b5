// scalar_text: the texts of scalars (numbers, base64, UTF-8) as the proto3 JSON mapping reads them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace proa::config {

/// A whole number with its sign apart, so that both int64 and uint64 fit.
struct Whole {
  bool negative = false;
  std::uint64_t magnitude = 0;
  bool overflow = false;  ///< beyond 64 bits; magnitude is not meaningful
};

/// Decimal digits, or a float with a whole value ("1e3", "5.0"). With `yaml` also 0x1F, 0o17 and, as in Envoy and
/// YAML 1.1, 017 for octal: file modes are written so.
std::optional<Whole> whole_number(std::string_view text, bool yaml);

/// JSON's numbers, "NaN", "Infinity", "-Infinity", and YAML's .nan, .inf, -.inf, +1, .5 and 1. forms.
std::optional<double> real_number(std::string_view text);

/// Whether YAML's core schema takes a plain scalar for an integer or a float.
bool looks_like_number(std::string_view text);
bool looks_like_integer(std::string_view text);

/// Standard or URL-safe alphabet, with or without padding; nothing for anything else.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace proa::config
