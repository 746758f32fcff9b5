// The tree of a CEL expression, as cel_parse makes it and cel evaluates it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/regex.h"
#include "observe/cel.h"

namespace proa::observe {

enum class CelOp : uint8_t {
  kLiteral,
  kAttribute,  ///< path
  kHas,        ///< path
  kList,
  kIn,  ///< of a list, or of a map that `path` names
  kOr,
  kAnd,
  kNot,
  kEqual,
  kNotEqual,
  kLess,
  kLessOrEqual,
  kGreater,
  kGreaterOrEqual,
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kModulo,
  kNegate,
  kChoice,  ///< ?:
  kStartsWith,
  kEndsWith,
  kContains,
  kMatches,
  kSize,
  kLowerAscii,
  kString,
  kInt
};

struct CelExpression::Node {
  CelOp op = CelOp::kLiteral;
  CelValue literal{};
  std::vector<std::string> path{};  ///< "request", "headers", "x-a"
  std::vector<std::unique_ptr<const Node>> operands{};
  std::shared_ptr<const http::Regex> regex{};  ///< of kMatches
};

Result<std::unique_ptr<const CelExpression::Node>> parse_cel(std::string_view text);

/// Whether an attribute of that path can exist.
bool is_cel_attribute(const std::vector<std::string>& path);
/// Its value now; an error where it is absent.
CelValue cel_attribute(const std::vector<std::string>& path, const StreamInfo& info);

}  // namespace proa::observe
