// Expressions over what is known of an exchange, in the part of CEL (https://cel.dev) that filters of access logs and
// labels of metrics are written in: attributes, literals, comparisons, logic, ?:, in, has(), and functions of texts.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "observe/stream_info.h"

namespace proa::observe {

/// An absent attribute, a comparison of what cannot be compared: it goes through all operators but those whose other
/// side decides.
struct CelError {
  bool operator==(const CelError&) const = default;
};
struct CelNull {
  bool operator==(const CelNull&) const = default;
};
using CelValue = std::variant<CelError, CelNull, bool, int64_t, double, std::string>;

/// As text, the way Envoy prints it: "true", "1", the string itself; "" for an error and null.
std::string to_string(const CelValue& value);

/// Immutable; any thread.
class CelExpression {
 public:
  /// Fails for what is no expression, and for attributes and functions that there are not.
  static Result<CelExpression> compile(std::string_view text);
  CelExpression(CelExpression&&) noexcept;
  CelExpression& operator=(CelExpression&&) noexcept;
  ~CelExpression();

  CelValue evaluate(const StreamInfo& info) const;
  /// True and nothing else.
  bool matches(const StreamInfo& info) const;

  struct Node;

 private:
  explicit CelExpression(std::unique_ptr<const Node> root);
  std::unique_ptr<const Node> root_;
};

}  // namespace proa::observe
