// JsonFormatter: a tree of texts and constants, written out with the types that the operators have.
#include <cmath>

#include "base/number.h"
#include "base/utf8.h"
#include "observe/format_step.h"
#include "observe/formatter.h"

namespace proa::observe {
namespace {

using nlohmann::json;

void append_escape(unsigned byte, std::string& out) {
  out += "\\u00";
  out += "0123456789abcdef"[byte >> 4];
  out += "0123456789abcdef"[byte & 15];
}

void append_value(const FormatValue& value, size_t max_length, std::string& out) {
  using Kind = FormatValue::Kind;
  switch (value.kind) {
    case Kind::kMissing: out += "null"; return;
    case Kind::kText: append_json_string(value.text.substr(0, max_length), out); return;
    case Kind::kJson:
      if (value.json->is_string()) {
        append_json_string(std::string_view(value.json->get_ref<const std::string&>()).substr(0, max_length), out);
      } else {
        append_json(*value.json, out);
      }
      return;
    default: append_plain(value, SIZE_MAX, out);
  }
}

}  // namespace

void append_json_string(std::string_view text, std::string& out) {
  out += '"';
  size_t plain = 0;  // where the run of bytes that need no care began
  size_t at = 0;
  auto flush = [&] { out.append(text, plain, at - plain); };
  while (at < text.size()) {
    auto byte = static_cast<unsigned char>(text[at]);
    if (byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\') {
      ++at;
      continue;
    }
    if (byte >= 0x80) {
      if (size_t length = utf8_length(text.substr(at))) {
        at += length;
        continue;
      }
    }
    flush();
    if (byte == '"' || byte == '\\') {
      out += '\\';
      out += static_cast<char>(byte);
    } else {
      append_escape(byte, out);
    }
    plain = ++at;
  }
  flush();
  out += '"';
}

void append_json(const json& value, std::string& out) {
  if (value.is_string()) return append_json_string(value.get_ref<const std::string&>(), out);
  if (value.is_object()) {
    out += '{';
    bool first = true;
    for (auto& [key, inner] : value.items()) {
      if (!first) out += ',';
      first = false;
      append_json_string(key, out);
      out += ':';
      append_json(inner, out);
    }
    out += '}';
  } else if (value.is_array()) {
    out += '[';
    bool first = true;
    for (const json& inner : value) {
      if (!first) out += ',';
      first = false;
      append_json(inner, out);
    }
    out += ']';
  } else if (value.is_number_float()) {
    // A protobuf number is a double: whole ones are written as integers.
    double number = value.get<double>();
    if (std::nearbyint(number) == number && std::abs(number) < 9007199254740992.0) {
      out += std::to_string(static_cast<int64_t>(number));
    } else {
      out += value.dump();
    }
  } else {
    out += value.is_binary() || value.is_discarded() ? "null" : value.dump();
  }
}

struct JsonFormatter::Node {
  enum class Kind : uint8_t { kConstant, kText, kObject, kList } kind = Kind::kConstant;
  std::string constant;  // written as it is
  std::vector<FormatStep> steps;
  std::string key;  // of a member, written as it is: `"key":`
  std::vector<Node> children;
};

Result<JsonFormatter::Node> JsonFormatter::compile_node(const json& value) {
  Node node;
  if (value.is_string()) {
    auto steps = compile_steps(value.get_ref<const std::string&>());
    if (!steps) return std::unexpected(steps.error());
    if (steps->empty() || (steps->size() == 1 && !steps->front().extract)) {
      append_json_string(steps->empty() ? std::string_view() : std::string_view(steps->front().text), node.constant);
      return node;
    }
    node.kind = Node::Kind::kText;
    node.steps = std::move(*steps);
    return node;
  }
  if (!value.is_object() && !value.is_array()) {
    append_json(value, node.constant);
    return node;
  }
  node.kind = value.is_object() ? Node::Kind::kObject : Node::Kind::kList;
  for (auto& [key, inner] : value.items()) {
    auto child = compile_node(inner);
    if (!child) return fail("\"" + key + "\": " + child.error().message);
    if (value.is_object()) {
      append_json_string(key, child->key);
      child->key += ':';
    }
    node.children.push_back(std::move(*child));
  }
  return node;
}

Result<JsonFormatter> JsonFormatter::compile(const json& object, bool omit_empty) {
  if (!object.is_object()) return fail("a JSON format must be an object");
  auto root = compile_node(object);
  if (!root) return std::unexpected(root.error());
  JsonFormatter result;
  result.root_ = std::make_shared<const Node>(std::move(*root));
  result.omit_empty_ = omit_empty;
  return result;
}

// False when there is nothing and it is to be left out; then `out` is as it was.
bool JsonFormatter::write(const Node& node, const StreamInfo& info, bool omit_empty, std::string& out) {
  static thread_local FormatValue value;
  static thread_local std::string text;
  if (node.kind == Node::Kind::kConstant) {
    out += node.constant;
    return true;
  }
  if (node.kind == Node::Kind::kText) {
    if (node.steps.size() == 1) {
      const FormatStep& step = node.steps.front();
      step.extract(step, info, value);
      if (value.kind == FormatValue::Kind::kMissing && omit_empty) return false;
      append_value(value, step.max_length, out);
      return true;
    }
    text.clear();
    for (const FormatStep& step : node.steps) {
      if (!step.extract) {
        text += step.text;
        continue;
      }
      step.extract(step, info, value);
      if (value.kind == FormatValue::Kind::kMissing) {
        if (!omit_empty) text += '-';
      } else {
        append_plain(value, step.max_length, text);
      }
    }
    append_json_string(text, out);
    return true;
  }
  const bool object = node.kind == Node::Kind::kObject;
  out += object ? '{' : '[';
  bool first = true;
  for (const Node& child : node.children) {
    const size_t before = out.size();
    if (!first) out += ',';
    out += child.key;
    if (write(child, info, omit_empty, out)) {
      first = false;
    } else {
      out.resize(before);
    }
  }
  out += object ? '}' : ']';
  return true;
}

void JsonFormatter::format(const StreamInfo& info, std::string& out) const {
  if (root_) {
    write(*root_, info, omit_empty_, out);
  } else {
    out += "{}";
  }
}

}  // namespace proa::observe
