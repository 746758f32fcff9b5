// The grammar of CEL (https://github.com/google/cel-spec, Syntax), by recursive descent:
//
//   choice -> or [? or : choice]    or -> and (|| and)*    and -> relation (&& relation)*
//   relation -> sum (op sum)*       sum -> product (+|- product)*    product -> unary (*|/|% unary)*
//   unary -> (!|-) unary | member   member -> primary (.name | .name(args) | [key])*
#include <charconv>

#include "observe/cel_node.h"

namespace proa::observe {
namespace {

using Node = CelExpression::Node;
using NodePtr = std::unique_ptr<const Node>;

constexpr int kDeepest = 64;
constexpr size_t kLongest = 8192;
constexpr size_t kMostOperators = 1000;  // a chain of them is as deep as it is long

bool is_name_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

struct Function {
  std::string_view name;
  CelOp op;
  size_t operands;  // with the one before the dot
};
constexpr Function kMethods[] = {
    {"startsWith", CelOp::kStartsWith, 2}, {"endsWith", CelOp::kEndsWith, 2}, {"contains", CelOp::kContains, 2},
    {"matches", CelOp::kMatches, 2},       {"size", CelOp::kSize, 1},         {"lowerAscii", CelOp::kLowerAscii, 1}};
constexpr Function kFunctions[] = {
    {"size", CelOp::kSize, 1}, {"string", CelOp::kString, 1}, {"int", CelOp::kInt, 1}, {"matches", CelOp::kMatches, 2}};

NodePtr make(CelOp op, NodePtr a, NodePtr b = nullptr, NodePtr c = nullptr) {
  auto node = std::make_unique<Node>(Node{.op = op});
  for (NodePtr* operand : {&a, &b, &c}) {
    if (*operand) node->operands.push_back(std::move(*operand));
  }
  return node;
}
NodePtr literal(CelValue value) {
  return std::make_unique<Node>(Node{.op = CelOp::kLiteral, .literal = std::move(value)});
}

/// Throws nothing: after a fault `error_` is set, and what is returned does not matter.
class Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text), size_(text.size()) {}

  Result<NodePtr> parse() {
    NodePtr node = choice();
    skip_space();
    if (error_.empty() && !rest_.empty()) fault("has something after its end");
    if (error_.empty()) check_attributes(*node);
    if (!error_.empty()) return fail(error_);
    return node;
  }

 private:
  NodePtr fault(const std::string& what) {
    if (error_.empty()) error_ = "the expression " + what + ", at byte " + std::to_string(size_ - rest_.size());
    rest_ = {};
    return literal(CelError{});
  }

  void skip_space() {
    while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\t' || rest_[0] == '\n' || rest_[0] == '\r')) {
      rest_.remove_prefix(1);
    }
  }
  bool take(std::string_view token) {
    skip_space();
    if (!rest_.starts_with(token)) return false;
    rest_.remove_prefix(token.size());
    if (++operators_ > kMostOperators) fault("has more than 1000 operators");
    return true;
  }
  bool take_word(std::string_view word) {
    skip_space();
    if (!rest_.starts_with(word)) return false;
    if (rest_.size() > word.size() && (is_name_start(rest_[word.size()]) || is_digit(rest_[word.size()]))) return false;
    rest_.remove_prefix(word.size());
    if (++operators_ > kMostOperators) fault("has more than 1000 operators");
    return true;
  }
  void expect(std::string_view token) {
    if (!take(token)) fault("lacks \"" + std::string(token) + "\"");
  }

  NodePtr choice() {
    if (++depth_ > kDeepest) return fault("is nested too deep");
    NodePtr node = disjunction();
    if (take("?")) {
      NodePtr yes = disjunction();
      expect(":");
      NodePtr no = choice();
      node = make(CelOp::kChoice, std::move(node), std::move(yes), std::move(no));
    }
    --depth_;
    return node;
  }
  NodePtr disjunction() {
    NodePtr node = conjunction();
    while (take("||")) node = make(CelOp::kOr, std::move(node), conjunction());
    return node;
  }
  NodePtr conjunction() {
    NodePtr node = relation();
    while (take("&&")) node = make(CelOp::kAnd, std::move(node), relation());
    return node;
  }
  NodePtr relation() {
    NodePtr node = sum();
    for (;;) {
      if (take("=="))
        node = make(CelOp::kEqual, std::move(node), sum());
      else if (take("!="))
        node = make(CelOp::kNotEqual, std::move(node), sum());
      else if (take("<="))
        node = make(CelOp::kLessOrEqual, std::move(node), sum());
      else if (take(">="))
        node = make(CelOp::kGreaterOrEqual, std::move(node), sum());
      else if (take("<"))
        node = make(CelOp::kLess, std::move(node), sum());
      else if (take(">"))
        node = make(CelOp::kGreater, std::move(node), sum());
      else if (take_word("in"))
        node = membership(std::move(node));
      else
        return node;
    }
  }
  NodePtr membership(NodePtr what) {
    NodePtr in = sum();
    if (in->op != CelOp::kList && in->op != CelOp::kAttribute) return fault("asks for what is in neither list nor map");
    return make(CelOp::kIn, std::move(what), std::move(in));
  }
  NodePtr sum() {
    NodePtr node = product();
    for (;;) {
      if (take("+"))
        node = make(CelOp::kAdd, std::move(node), product());
      else if (take("-"))
        node = make(CelOp::kSubtract, std::move(node), product());
      else
        return node;
    }
  }
  NodePtr product() {
    NodePtr node = unary();
    for (;;) {
      if (take("*"))
        node = make(CelOp::kMultiply, std::move(node), unary());
      else if (take("/"))
        node = make(CelOp::kDivide, std::move(node), unary());
      else if (take("%"))
        node = make(CelOp::kModulo, std::move(node), unary());
      else
        return node;
    }
  }
  NodePtr unary() {
    if (++depth_ > kDeepest) return fault("is nested too deep");
    skip_space();
    NodePtr node;
    if (!rest_.starts_with("!=") && take("!"))
      node = make(CelOp::kNot, unary());
    else if (take("-"))
      node = make(CelOp::kNegate, unary());
    else
      node = member();
    --depth_;
    return node;
  }

  NodePtr member() {
    NodePtr node = primary();
    for (;;) {
      if (take(".")) {
        const std::string name = identifier();
        node = take("(") ? call(kMethods, name, std::move(node)) : extend(std::move(node), name);
      } else if (take("[")) {
        NodePtr key = choice();
        expect("]");
        const auto* text = std::get_if<std::string>(&key->literal);
        if (key->op != CelOp::kLiteral || !text) return fault("has a key that is no literal text");
        node = extend(std::move(node), *text);
      } else {
        return node;
      }
    }
  }
  NodePtr extend(NodePtr node, const std::string& name) {
    if (node->op != CelOp::kAttribute) return fault("takes a part of what is no attribute");
    auto longer = std::make_unique<Node>(Node{.op = CelOp::kAttribute, .path = node->path});
    longer->path.push_back(name);
    return longer;
  }

  template <size_t n>
  NodePtr call(const Function (&functions)[n], const std::string& name, NodePtr first) {
    std::vector<NodePtr> operands;
    if (first) operands.push_back(std::move(first));
    if (!take(")")) {
      do operands.push_back(choice());
      while (take(","));
      expect(")");
    }
    for (const Function& function : functions) {
      if (function.name != name || function.operands != operands.size()) continue;
      auto node = std::make_unique<Node>(Node{.op = function.op, .operands = std::move(operands)});
      if (function.op == CelOp::kMatches) compile_pattern(*node);
      return node;
    }
    return fault("calls " + name + "(), which is not known with so many arguments");
  }
  /// The pattern may match anywhere.
  void compile_pattern(Node& node) {
    const Node& pattern = *node.operands[1];
    const auto* text = std::get_if<std::string>(&pattern.literal);
    if (pattern.op != CelOp::kLiteral || !text) return void(fault("matches with what is no literal text"));
    auto regex = http::Regex::compile("(?s).*(?:" + *text + ").*");
    if (!regex) return void(fault("has a bad pattern: " + regex.error().message));
    node.regex = std::make_shared<const http::Regex>(std::move(*regex));
  }

  NodePtr primary() {
    skip_space();
    if (rest_.empty()) return fault("ends too early");
    if (take("(")) {
      NodePtr node = choice();
      expect(")");
      return node;
    }
    if (take("[")) return list();
    const char c = rest_[0];
    if (c == '"' || c == '\'') return literal(text(false));
    if ((c == 'r' || c == 'R') && rest_.size() > 1 && (rest_[1] == '"' || rest_[1] == '\'')) {
      rest_.remove_prefix(1);
      return literal(text(true));
    }
    if (is_digit(c) || (c == '.' && rest_.size() > 1 && is_digit(rest_[1]))) return number();
    if (!is_name_start(c)) return fault("has an unexpected character");
    const std::string name = identifier();
    if (name == "true" || name == "false") return literal(name == "true");
    if (name == "null") return literal(CelNull{});
    if (!take("(")) return std::make_unique<Node>(Node{.op = CelOp::kAttribute, .path = {name}});
    return name == "has" ? has() : call(kFunctions, name, nullptr);
  }
  NodePtr has() {
    NodePtr what = choice();
    expect(")");
    if (what->op != CelOp::kAttribute) return fault("asks has() of what is no attribute");
    return std::make_unique<Node>(Node{.op = CelOp::kHas, .path = what->path});
  }
  NodePtr list() {
    auto node = std::make_unique<Node>(Node{.op = CelOp::kList});
    if (take("]")) return node;
    do node->operands.push_back(choice());
    while (take(","));
    expect("]");
    return node;
  }

  std::string identifier() {
    skip_space();
    size_t size = 0;
    while (size < rest_.size() && (is_name_start(rest_[size]) || (size > 0 && is_digit(rest_[size])))) ++size;
    if (size == 0) fault("lacks a name");
    std::string name(rest_.substr(0, size));
    rest_.remove_prefix(std::min(size, rest_.size()));
    return name;
  }

  std::string text(bool raw) {
    const char quote = rest_[0];
    rest_.remove_prefix(1);
    std::string out;
    while (!rest_.empty() && rest_[0] != quote) {
      char c = rest_[0];
      rest_.remove_prefix(1);
      if (c == '\\' && !raw && !rest_.empty()) {
        c = rest_[0];
        rest_.remove_prefix(1);
        switch (c) {
          case 'n': c = '\n'; break;
          case 't': c = '\t'; break;
          case 'r': c = '\r'; break;
          case '\\':
          case '"':
          case '\'':
          case '`':
          case '?': break;
          default: fault("has an escape that is not known");
        }
      }
      out += c;
    }
    if (rest_.empty()) fault("has a text without an end");
    if (!rest_.empty()) rest_.remove_prefix(1);
    return out;
  }

  NodePtr number() {
    size_t size = 0;
    bool whole = true;
    for (; size < rest_.size(); ++size) {
      const char c = rest_[size];
      if (c == '.' || c == 'e' || c == 'E')
        whole = false;
      else if (!is_digit(c) && !((c == '-' || c == '+') && size > 0 && (rest_[size - 1] | 0x20) == 'e'))
        break;
    }
    const std::string_view digits = rest_.substr(0, size);
    rest_.remove_prefix(size);
    if (!rest_.empty() && rest_[0] == 'u') rest_.remove_prefix(1);
    const auto read = [&](auto value) -> NodePtr {
      auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
      if (error != std::errc() || end != digits.data() + digits.size()) return fault("has a bad number");
      return literal(value);
    };
    return whole ? read(int64_t{0}) : read(0.0);
  }

  void check_attributes(const Node& node) {
    const bool asks = node.op == CelOp::kAttribute || node.op == CelOp::kHas;
    if (asks && !is_cel_attribute(node.path)) {
      std::string name;
      for (const std::string& part : node.path) name += (name.empty() ? "" : ".") + part;
      error_ = "the attribute " + name + " is not known";
      return;
    }
    for (const NodePtr& operand : node.operands) check_attributes(*operand);
  }

  std::string_view rest_;
  size_t size_;
  std::string error_;
  int depth_ = 0;
  size_t operators_ = 0;
};

}  // namespace

Result<NodePtr> parse_cel(std::string_view text) {
  if (text.size() > kLongest) return fail("the expression is longer than " + std::to_string(kLongest) + " bytes");
  return Parser(text).parse();
}

}  // namespace proa::observe
