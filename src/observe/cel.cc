#include "observe/cel.h"

#include <cerrno>
#include <cmath>
#include <compare>
#include <cstdio>
#include <cstdlib>
#include <limits>

#include "observe/cel_node.h"

namespace proa::observe {
namespace {

using Node = CelExpression::Node;

CelValue evaluate(const Node& node, const StreamInfo& info);

bool is_error(const CelValue& value) { return std::holds_alternative<CelError>(value); }
const bool* as_bool(const CelValue& value) { return std::get_if<bool>(&value); }
const std::string* as_text(const CelValue& value) { return std::get_if<std::string>(&value); }

/// Of an int or a double.
const double* as_number(const CelValue& value, double& scratch) {
  if (const auto* whole = std::get_if<int64_t>(&value)) return &(scratch = static_cast<double>(*whole));
  if (const auto* real = std::get_if<double>(&value)) return &(scratch = *real);
  return nullptr;
}

/// The side that decides wins, whatever is wrong with the other.
CelValue logic(const Node& node, const StreamInfo& info, bool decides) {
  const CelValue left = evaluate(*node.operands[0], info);
  if (const bool* b = as_bool(left); b && *b == decides) return decides;
  const CelValue right = evaluate(*node.operands[1], info);
  if (const bool* b = as_bool(right); b && *b == decides) return decides;
  return as_bool(left) && as_bool(right) ? CelValue(!decides) : CelValue(CelError{});
}

CelValue equal(const CelValue& a, const CelValue& b) {
  if (is_error(a) || is_error(b)) return CelError{};
  double x = 0, y = 0;
  if (a.index() != b.index() && as_number(a, x) && as_number(b, y)) return x == y;
  return a == b;
}

CelValue order(CelOp op, const CelValue& a, const CelValue& b) {
  std::partial_ordering order = std::partial_ordering::unordered;
  double x = 0, y = 0;
  const auto *i = std::get_if<int64_t>(&a), *j = std::get_if<int64_t>(&b);
  if (i && j) {
    order = *i <=> *j;
  } else if (as_number(a, x) && as_number(b, y)) {
    order = x <=> y;
  } else if (as_text(a) && as_text(b)) {
    order = *as_text(a) <=> *as_text(b);
  } else {
    return CelError{};
  }
  switch (op) {
    case CelOp::kLess: return order < 0;
    case CelOp::kLessOrEqual: return order <= 0;
    case CelOp::kGreater: return order > 0;
    default: return order >= 0;
  }
}

CelValue whole_arithmetic(CelOp op, int64_t a, int64_t b) {
  int64_t out = 0;
  bool bad = false;
  switch (op) {
    case CelOp::kAdd: bad = __builtin_add_overflow(a, b, &out); break;
    case CelOp::kSubtract: bad = __builtin_sub_overflow(a, b, &out); break;
    case CelOp::kMultiply: bad = __builtin_mul_overflow(a, b, &out); break;
    default:
      bad = b == 0 || (a == std::numeric_limits<int64_t>::min() && b == -1);
      if (!bad) out = op == CelOp::kDivide ? a / b : a % b;
  }
  return bad ? CelValue(CelError{}) : CelValue(out);
}

CelValue arithmetic(CelOp op, const CelValue& a, const CelValue& b) {
  const auto *i = std::get_if<int64_t>(&a), *j = std::get_if<int64_t>(&b);
  if (i && j) return whole_arithmetic(op, *i, *j);
  const auto *x = std::get_if<double>(&a), *y = std::get_if<double>(&b);
  if (op == CelOp::kAdd && as_text(a) && as_text(b)) return *as_text(a) + *as_text(b);
  if (!x || !y) return CelError{};
  switch (op) {
    case CelOp::kAdd: return *x + *y;
    case CelOp::kSubtract: return *x - *y;
    case CelOp::kMultiply: return *x * *y;
    case CelOp::kDivide: return *x / *y;
    default: return CelError{};
  }
}

CelValue text_function(const Node& node, const StreamInfo& info) {
  const CelValue first = evaluate(*node.operands[0], info);
  const std::string* text = as_text(first);
  if (!text) return CelError{};
  if (node.op == CelOp::kMatches) return node.regex->full_match(*text);
  if (node.op == CelOp::kSize) return static_cast<int64_t>(text->size());
  if (node.op == CelOp::kLowerAscii) {
    std::string lower(*text);
    for (char& c : lower) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
    }
    return lower;
  }
  const CelValue second = evaluate(*node.operands[1], info);
  const std::string* part = as_text(second);
  if (!part) return CelError{};
  switch (node.op) {
    case CelOp::kStartsWith: return text->starts_with(*part);
    case CelOp::kEndsWith: return text->ends_with(*part);
    default: return text->find(*part) != std::string::npos;
  }
}

CelValue to_int(const CelValue& value) {
  if (std::holds_alternative<int64_t>(value)) return value;
  if (const auto* real = std::get_if<double>(&value)) {
    if (std::abs(*real) < 9e18) return static_cast<int64_t>(*real);
    return CelError{};
  }
  const std::string* text = as_text(value);
  if (!text || text->empty()) return CelError{};
  char* end = nullptr;
  errno = 0;
  const int64_t number = std::strtoll(text->c_str(), &end, 10);
  return *end != '\0' || errno != 0 ? CelValue(CelError{}) : CelValue(number);
}

CelValue is_in(const Node& node, const StreamInfo& info) {
  const CelValue what = evaluate(*node.operands[0], info);
  if (is_error(what)) return CelError{};
  const Node& in = *node.operands[1];
  if (in.op == CelOp::kAttribute) {  // a key of a map
    const std::string* key = as_text(what);
    if (!key) return CelError{};
    std::vector<std::string> path = in.path;
    path.push_back(*key);
    return !is_error(cel_attribute(path, info));
  }
  for (const auto& item : in.operands) {
    const CelValue same = equal(what, evaluate(*item, info));
    if (const bool* yes = as_bool(same); yes && *yes) return true;
  }
  return false;
}

CelValue negate(const CelValue& value) {
  if (const auto* whole = std::get_if<int64_t>(&value)) return whole_arithmetic(CelOp::kSubtract, 0, *whole);
  if (const auto* real = std::get_if<double>(&value)) return -*real;
  return CelError{};
}

CelValue evaluate(const Node& node, const StreamInfo& info) {
  const auto operand = [&](size_t i) { return evaluate(*node.operands[i], info); };
  switch (node.op) {
    case CelOp::kLiteral: return node.literal;
    case CelOp::kAttribute: return cel_attribute(node.path, info);
    case CelOp::kHas: return !is_error(cel_attribute(node.path, info));
    case CelOp::kList: return CelError{};  // only "in" looks into one
    case CelOp::kIn: return is_in(node, info);
    case CelOp::kOr: return logic(node, info, true);
    case CelOp::kAnd: return logic(node, info, false);
    case CelOp::kNot: {
      const CelValue value = operand(0);
      const bool* b = as_bool(value);
      return b ? CelValue(!*b) : CelValue(CelError{});
    }
    case CelOp::kEqual: return equal(operand(0), operand(1));
    case CelOp::kNotEqual: {
      const CelValue same = equal(operand(0), operand(1));
      const bool* b = as_bool(same);
      return b ? CelValue(!*b) : CelValue(CelError{});
    }
    case CelOp::kLess:
    case CelOp::kLessOrEqual:
    case CelOp::kGreater:
    case CelOp::kGreaterOrEqual: return order(node.op, operand(0), operand(1));
    case CelOp::kAdd:
    case CelOp::kSubtract:
    case CelOp::kMultiply:
    case CelOp::kDivide:
    case CelOp::kModulo: return arithmetic(node.op, operand(0), operand(1));
    case CelOp::kNegate: return negate(operand(0));
    case CelOp::kChoice: {
      const CelValue which = operand(0);
      const bool* b = as_bool(which);
      return b ? operand(*b ? 1 : 2) : CelValue(CelError{});
    }
    case CelOp::kString: {
      CelValue value = operand(0);
      return is_error(value) ? value : CelValue(to_string(value));
    }
    case CelOp::kInt: return to_int(operand(0));
    default: return text_function(node, info);
  }
}

}  // namespace

std::string to_string(const CelValue& value) {
  if (const bool* b = as_bool(value)) return *b ? "true" : "false";
  if (const auto* whole = std::get_if<int64_t>(&value)) return std::to_string(*whole);
  if (const auto* real = std::get_if<double>(&value)) {
    char buffer[32];
    snprintf(buffer, sizeof buffer, "%g", *real);
    return buffer;
  }
  const std::string* text = as_text(value);
  return text ? *text : std::string();
}

CelExpression::CelExpression(std::unique_ptr<const Node> root) : root_(std::move(root)) {}
CelExpression::CelExpression(CelExpression&&) noexcept = default;
CelExpression& CelExpression::operator=(CelExpression&&) noexcept = default;
CelExpression::~CelExpression() = default;

Result<CelExpression> CelExpression::compile(std::string_view text) {
  auto root = parse_cel(text);
  if (!root) return std::unexpected(root.error());
  return CelExpression(std::move(*root));
}

CelValue CelExpression::evaluate(const StreamInfo& info) const { return observe::evaluate(*root_, info); }

bool CelExpression::matches(const StreamInfo& info) const {
  const CelValue value = evaluate(info);
  const bool* yes = as_bool(value);
  return yes && *yes;
}

}  // namespace proa::observe
