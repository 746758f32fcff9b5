#include "config/struct_tree.h"

#include <fmt/format.h>
#include <google/protobuf/struct.pb.h>

#include <cmath>

#include "config/tree_builder.h"

namespace proa::config {

namespace {

namespace pb = google::protobuf;

void build(const pb::Value& value, TreeBuilder& builder);

void build(const pb::Struct& value, TreeBuilder& builder) {
  builder.begin(NodeKind::mapping, {});
  if (builder.failed()) return;  // too deep: the recursion ends here
  for (const auto& [key, field] : value.fields()) {
    builder.scalar(key, false, {});
    build(field, builder);
  }
  builder.end();
}

std::string number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-Infinity" : "Infinity";
  return fmt::format("{}", value);
}

void build(const pb::Value& value, TreeBuilder& builder) {
  switch (value.kind_case()) {
    case pb::Value::kNumberValue: return builder.scalar(number(value.number_value()), true, {});
    case pb::Value::kStringValue: return builder.scalar(value.string_value(), false, {});
    case pb::Value::kBoolValue: return builder.scalar(value.bool_value() ? "true" : "false", true, {});
    case pb::Value::kStructValue: return build(value.struct_value(), builder);
    case pb::Value::kListValue:
      builder.begin(NodeKind::sequence, {});
      if (builder.failed()) return;
      for (const pb::Value& item : value.list_value().values()) build(item, builder);
      return builder.end();
    case pb::Value::kNullValue:
    case pb::Value::KIND_NOT_SET: return builder.scalar("null", true, {});
  }
}

}  // namespace

std::optional<YamlTree> tree_of(const pb::Struct& value, Problems& problems) {
  TreeBuilder builder("", problems, {});
  build(value, builder);
  return builder.finish();
}

}  // namespace proa::config
