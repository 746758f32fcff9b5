#include "config/scalar_field.h"

#include <fmt/format.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <cmath>
#include <limits>
#include <optional>

#include "config/nearest_name.h"
#include "config/scalar_text.h"

namespace proa::config {

namespace {

namespace pb = google::protobuf;
using Outcome = std::expected<void, Misread>;

Outcome misread(std::string what, std::string fix = {}) {
  return std::unexpected(Misread{std::move(what), std::move(fix)});
}

Outcome must_be(const Node& node, bool secret, std::string_view kind, std::string fix = {}) {
  return misread(fmt::format("is {}, but must be {}", shown(node, secret), kind), std::move(fix));
}

template <class T>
std::expected<T, Misread> whole(const Node& node, bool secret) {
  const std::optional<Whole> number = whole_number(node.text(), node.plain());
  if (!node.is_scalar() || !number) return std::unexpected(must_be(node, secret, "a whole number").error());
  using Limits = std::numeric_limits<T>;
  const std::uint64_t most = number->negative ? static_cast<std::uint64_t>(-(Limits::min() + 1)) + 1 : Limits::max();
  const bool fits = !number->overflow && number->magnitude <= most && !(number->negative && Limits::min() == 0);
  if (!fits) {
    return std::unexpected(
        must_be(node, secret, fmt::format("a whole number from {} to {}", Limits::min(), Limits::max())).error());
  }
  return number->negative ? static_cast<T>(0 - number->magnitude) : static_cast<T>(number->magnitude);
}

template <class T>
std::expected<T, Misread> real(const Node& node, bool secret) {
  const std::optional<double> number = node.is_scalar() ? real_number(node.text()) : std::nullopt;
  if (!number) return std::unexpected(must_be(node, secret, "a number").error());
  if (std::isfinite(*number) && std::fabs(*number) > std::numeric_limits<T>::max()) {
    return std::unexpected(must_be(node, secret, "a number within the range of a 32-bit float").error());
  }
  return static_cast<T>(*number);
}

std::expected<bool, Misread> boolean(const Node& node, bool secret) {
  if (const auto value = node.boolean()) return *value;
  const std::string_view text = node.text();
  std::string fix;
  if (text == "true" || text == "false") {
    fix = "remove the quotes";
  } else if (text == "yes" || text == "on" || text == "True" || text == "TRUE" || text == "Yes" || text == "On") {
    fix = "write true";
  } else if (text == "no" || text == "off" || text == "False" || text == "FALSE" || text == "No" || text == "Off") {
    fix = "write false";
  }
  return std::unexpected(must_be(node, secret, "true or false", std::move(fix)).error());
}

std::expected<std::string, Misread> text_of(const Node& node, const pb::FieldDescriptor& field, bool secret) {
  // As Envoy's own reader: what YAML takes for a whole number or a boolean is no string, `1.10` may be a version.
  const bool number = node.plain() && looks_like_integer(node.text());
  if (!node.is_scalar() || number || node.boolean() || node.is_null()) {
    std::string fix;
    if (node.is_scalar()) fix = secret ? "put it in quotes" : fmt::format("write \"{}\"", node.text());
    return std::unexpected(must_be(node, secret, "a string", std::move(fix)).error());
  }
  if (field.type() != pb::FieldDescriptor::TYPE_BYTES) return std::string(node.text());
  if (auto bytes = from_base64(node.text())) return std::move(*bytes);
  return std::unexpected(must_be(node, secret, "bytes in base64").error());
}

std::vector<std::string> value_names(const pb::EnumDescriptor& type) {
  std::vector<std::string> names;
  for (int i = 0; i < type.value_count(); ++i) names.push_back(type.value(i)->name());
  return names;
}

std::expected<int, Misread> enumerated(const Node& node, const pb::EnumDescriptor& type, bool secret) {
  if (node.is_null() && type.full_name() == "google.protobuf.NullValue") return 0;
  if (node.is_scalar() && node.plain() && looks_like_integer(node.text())) {
    const auto number = whole<std::int32_t>(node, secret);
    if (number && type.FindValueByNumber(*number) != nullptr) return *number;
  } else if (const pb::EnumValueDescriptor* value = type.FindValueByName(std::string(node.text()))) {
    return value->number();
  }
  const std::vector<std::string> names = value_names(type);
  std::string fix = did_you_mean(nearest_names(node.text(), names));
  if (fix.empty() && names.size() <= 12) fix = "write " + one_of(names);
  return std::unexpected(
      misread(fmt::format("is {}, which is no {}", shown(node, secret), type.name()), std::move(fix)).error());
}

}  // namespace

std::string shown(const Node& node, bool secret) {
  if (!node.is_scalar() || node.is_null()) return std::string(node.described());
  if (secret) return "a hidden value";
  return node.plain() && (looks_like_number(node.text()) || node.boolean()) ? std::string(node.text())
                                                                            : shown(node.text());
}

std::expected<void, Misread> set_scalar(const Node& node, pb::Message& out, const pb::FieldDescriptor& field,
                                        bool secret) {
  const pb::Reflection& reflection = *out.GetReflection();
  // `set` and `add` are the two members of Reflection for the field's type.
  const auto put = [&](auto&& value, auto set, auto add) -> Outcome {
    if (!value) return std::unexpected(std::move(value.error()));
    (reflection.*(field.is_repeated() ? add : set))(&out, &field, std::move(*value));
    return {};
  };
  using R = pb::Reflection;
  switch (field.cpp_type()) {
    case pb::FieldDescriptor::CPPTYPE_INT32: return put(whole<std::int32_t>(node, secret), &R::SetInt32, &R::AddInt32);
    case pb::FieldDescriptor::CPPTYPE_INT64: return put(whole<std::int64_t>(node, secret), &R::SetInt64, &R::AddInt64);
    case pb::FieldDescriptor::CPPTYPE_UINT32:
      return put(whole<std::uint32_t>(node, secret), &R::SetUInt32, &R::AddUInt32);
    case pb::FieldDescriptor::CPPTYPE_UINT64:
      return put(whole<std::uint64_t>(node, secret), &R::SetUInt64, &R::AddUInt64);
    case pb::FieldDescriptor::CPPTYPE_DOUBLE: return put(real<double>(node, secret), &R::SetDouble, &R::AddDouble);
    case pb::FieldDescriptor::CPPTYPE_FLOAT: return put(real<float>(node, secret), &R::SetFloat, &R::AddFloat);
    case pb::FieldDescriptor::CPPTYPE_BOOL: return put(boolean(node, secret), &R::SetBool, &R::AddBool);
    case pb::FieldDescriptor::CPPTYPE_STRING: return put(text_of(node, field, secret), &R::SetString, &R::AddString);
    case pb::FieldDescriptor::CPPTYPE_ENUM:
      return put(enumerated(node, *field.enum_type(), secret), &R::SetEnumValue, &R::AddEnumValue);
    case pb::FieldDescriptor::CPPTYPE_MESSAGE: break;
  }
  return misread(fmt::format("is {}, but must be a mapping", shown(node, secret)));
}

}  // namespace proa::config
