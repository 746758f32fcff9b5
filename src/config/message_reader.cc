#include "config/message_reader.h"

#include <fmt/format.h>
#include <google/protobuf/any.pb.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/field_mask.pb.h>
#include <google/protobuf/message.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/util/time_util.h>

#include <array>
#include <cmath>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "config/go_duration.h"
#include "config/nearest_name.h"
#include "config/scalar_field.h"
#include "config/scalar_text.h"
#include "config/sensitive.h"
#include "config/stable_bytes.h"
#include "config/typed_payload.h"

namespace proa::config {

namespace {

namespace pb = google::protobuf;
using Field = pb::FieldDescriptor;
using WellKnown = pb::Descriptor::WellKnownType;

const Field* field_of(const pb::Descriptor& type, std::string_view name) {
  const std::string key(name);
  if (const Field* field = type.FindFieldByName(key)) return field;
  if (const Field* field = type.FindFieldByCamelcaseName(key)) return field;
  for (int i = 0; i < type.field_count(); ++i) {
    if (type.field(i)->json_name() == key) return type.field(i);
  }
  return nullptr;
}

const std::string& name_of(const Field& field, const ReadOptions& options) {
  return options.json_names ? field.json_name() : field.name();
}

std::vector<std::string> field_names(const pb::Descriptor& type, const ReadOptions& options) {
  std::vector<std::string> names;
  for (int i = 0; i < type.field_count(); ++i) names.push_back(name_of(*type.field(i), options));
  return names;
}

/// Names that Envoy's older API had and its users still write.
std::string_view successor(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kMoved = {
      {{"config", "typed_config"},
       {"hosts", "load_assignment"},
       {"tls_context", "transport_socket"},
       {"per_filter_config", "typed_per_filter_config"}}};
  for (const auto& [old, now] : kMoved) {
    if (name == old) return now;
  }
  return {};
}

bool is_wrapper(WellKnown type) {
  return type >= pb::Descriptor::WELLKNOWNTYPE_DOUBLEVALUE && type <= pb::Descriptor::WELLKNOWNTYPE_BOOLVALUE;
}

/// Types whose JSON form is not the mapping of their fields, so that within an Any they stand under "value".
bool has_own_form(const pb::Descriptor& type) {
  return type.well_known_type() != pb::Descriptor::WELLKNOWNTYPE_UNSPECIFIED;
}

class MessageReader {
 public:
  MessageReader(Marks& marks, Problems& problems, const ReadOptions& options)
      : marks_(marks), problems_(problems), options_(options) {}

  void message(const Node& node, pb::Message& out, const FieldPath& path, const pb::Message* under) {
    const WellKnown type = out.GetDescriptor()->well_known_type();
    if (is_wrapper(type)) return take(set_scalar(node, out, *out.GetDescriptor()->field(0), secret_), node, path);
    switch (type) {
      case pb::Descriptor::WELLKNOWNTYPE_ANY: return any(node, static_cast<pb::Any&>(out), path);
      case pb::Descriptor::WELLKNOWNTYPE_STRUCT: return object(node, static_cast<pb::Struct&>(out), path);
      case pb::Descriptor::WELLKNOWNTYPE_VALUE: return value(node, static_cast<pb::Value&>(out), path);
      case pb::Descriptor::WELLKNOWNTYPE_LISTVALUE: return list(node, static_cast<pb::ListValue&>(out), path);
      case pb::Descriptor::WELLKNOWNTYPE_DURATION:
        return one_string(node, options_.go_durations ? "a duration like \"1h30m\"" : "a duration like \"0.25s\"",
                          options_.go_durations ? read_go_duration : read_duration, static_cast<pb::Duration&>(out),
                          path);
      case pb::Descriptor::WELLKNOWNTYPE_TIMESTAMP:
        return one_string(node, "a time like \"2026-01-31T12:00:00Z\"", read_timestamp,
                          static_cast<pb::Timestamp&>(out), path);
      case pb::Descriptor::WELLKNOWNTYPE_FIELDMASK:
        return one_string(node, "a string of field names", read_field_mask, static_cast<pb::FieldMask&>(out), path);
      default: break;
    }
    if (!node.is_mapping()) return not_a_mapping(node, *out.GetDescriptor(), path);
    fields(node, out, path, under, {});
  }

 private:
  struct Seen {
    const Field* field;
    Mark mark;
  };

  void error(const Mark& at, const FieldPath& path, std::string what, std::string fix = {}) {
    problems_.error(at, path.str(), std::move(what), std::move(fix));
  }

  void take(std::expected<void, Misread> outcome, const Node& node, const FieldPath& path) {
    if (!outcome) error(node.mark(), path, std::move(outcome.error().what), std::move(outcome.error().fix));
  }

  template <class Message>
  void one_string(const Node& node, std::string_view form,
                  std::expected<void, Misread> (*read)(std::string_view, Message&), Message& out,
                  const FieldPath& path) {
    if (node.is_scalar() && !node.is_null()) return take(read(node.text(), out), node, path);
    std::string fix;
    if (node.find("seconds")) fix = "write seconds and nanos as one number of seconds";
    error(node.mark(), path, fmt::format("is {}, but must be {}", node.described(), form), std::move(fix));
  }

  void not_a_mapping(const Node& node, const pb::Descriptor& type, const FieldPath& path) {
    std::string fix;
    if (node.is_sequence()) fix = "it takes one value: remove the '- '";
    if (node.is_scalar() && node.plain() && node.text().ends_with(':')) fix = "a ':' needs a space after it";
    error(node.mark(), path, fmt::format("is {}, but must be a mapping ({})", shown(node, secret_), type.full_name()),
          std::move(fix));
  }

  /// All entries but the one named `skipped`.
  void fields(const Node& node, pb::Message& out, const FieldPath& path, const pb::Message* under,
              std::string_view skipped) {
    const pb::Descriptor& type = *out.GetDescriptor();
    std::vector<Seen> seen;
    for (std::size_t i = 0; i < node.size(); ++i) {
      const Node key = node.key(i);
      if (!skipped.empty() && key.text() == skipped) continue;
      const Field* field = field_of(type, key.text());
      if (field == nullptr) {
        unknown_field(key, type, path);
        continue;
      }
      const FieldPath at = path / name_of(*field, options_);
      // Of proto3 JSON: null leaves a field unset. NullValue and Value have null among their values.
      const bool null_is_a_value = field->cpp_type() == Field::CPPTYPE_MESSAGE
                                       ? field->message_type()->well_known_type() == pb::Descriptor::WELLKNOWNTYPE_VALUE
                                       : field->cpp_type() == Field::CPPTYPE_ENUM &&
                                             field->enum_type()->full_name() == "google.protobuf.NullValue";
      if (node.value(i).is_null() && (!null_is_a_value || field->is_repeated())) continue;
      if (!fresh(*field, key, seen, at)) continue;
      marks_.set(at, key.mark(), node.value(i).mark());
      const bool outer = std::exchange(secret_, secret_ || is_sensitive(*field));
      set(node.value(i), out, *field, at, under);
      secret_ = outer;
    }
  }

  void unknown_field(const Node& key, const pb::Descriptor& type, const FieldPath& path) {
    const std::string_view moved = successor(key.text());
    std::string fix;
    if (!moved.empty() && type.FindFieldByName(std::string(moved)) != nullptr) {
      fix = fmt::format("Envoy's v3 API has '{}' instead", moved);
    } else {
      fix = did_you_mean(nearest_names(key.text(), field_names(type, options_)));
    }
    if (fix.empty() && type.field_count() <= 12) {
      fix = type.field_count() == 0
                ? fmt::format("{} has no fields", type.full_name())
                : fmt::format("{} has {}", type.full_name(), fmt::join(field_names(type, options_), ", "));
    }
    problems_.add({options_.unknown_fields_are_warnings ? Severity::warning : Severity::error, key.mark(),
                   path.entry(key.text()).str(), fmt::format("unknown field of {}", type.name()), std::move(fix)});
  }

  /// Not yet set by its other spelling, nor by another member of its oneof.
  bool fresh(const Field& field, const Node& key, std::vector<Seen>& seen, const FieldPath& at) {
    for (const Seen& other : seen) {
      if (other.field == &field) {
        error(key.mark(), at, fmt::format("is set twice, also in line {} by its other spelling", other.mark.line));
        return false;
      }
      const pb::OneofDescriptor* group = field.real_containing_oneof();
      if (group == nullptr || group != other.field->real_containing_oneof()) continue;
      error(key.mark(), at,
            fmt::format("cannot be set together with '{}' (line {}): they are alternatives",
                        name_of(*other.field, options_), other.mark.line),
            "remove one of the two");
      return false;
    }
    seen.push_back({&field, key.mark()});
    return true;
  }

  void set(const Node& node, pb::Message& out, const Field& field, const FieldPath& at, const pb::Message* under) {
    if (field.is_map()) return entries(node, out, field, at);
    if (field.is_repeated()) return items(node, out, field, at, under);
    if (node.is_sequence() && field.cpp_type() != Field::CPPTYPE_MESSAGE) {
      return error(node.mark(), at, "is a list, but takes one value", "remove the '- ' or the '[ ]'");
    }
    const pb::Reflection& reflection = *out.GetReflection();
    const bool overrides = under != nullptr && reflection.HasField(*under, &field);
    if (field.cpp_type() != Field::CPPTYPE_MESSAGE) {
      take(set_scalar(node, out, field, secret_), node, at);
      if (overrides && !field.has_presence() && !reflection.HasField(out, &field)) no_override(node, at);
      return;
    }
    const pb::Message* child_under = overrides ? &reflection.GetMessage(*under, &field) : nullptr;
    pb::Message& child = *reflection.MutableMessage(&out, &field);
    message(node, child, at, child_under);
    if (child_under != nullptr && has_own_form(*field.message_type())) check_override(node, child, *child_under, at);
  }

  void no_override(const Node& node, const FieldPath& at) {
    problems_.warning(node.mark(), at.str(),
                      fmt::format("is {}, which does not override the value before it", shown(node, secret_)),
                      "a zero or false replaces nothing when messages are merged; change the file instead");
  }

  /// Durations and wrappers merge field by field too: 1s over 0.5s is 1.5s, and 0 over 5 is 5, in Envoy as well.
  void check_override(const Node& node, const pb::Message& child, const pb::Message& under, const FieldPath& at) {
    const WellKnown type = child.GetDescriptor()->well_known_type();
    if (!is_wrapper(type) && type != pb::Descriptor::WELLKNOWNTYPE_DURATION) return;
    const std::unique_ptr<pb::Message> merged(under.New());
    merged->CopyFrom(under);
    merged->MergeFrom(child);
    if (merged->SerializeAsString() == child.SerializeAsString()) return;
    if (const auto* duration = dynamic_cast<const pb::Duration*>(merged.get())) {
      problems_.warning(node.mark(), at.str(),
                        fmt::format("{} merges with the value before it to {}", shown(node, secret_),
                                    pb::util::TimeUtil::ToString(*duration)),
                        "seconds and their fraction are merged apart; change the file instead");
    } else {
      no_override(node, at);
    }
  }

  void items(const Node& node, pb::Message& out, const Field& field, const FieldPath& at, const pb::Message* under) {
    if (!node.is_sequence()) {
      return error(node.mark(), at, fmt::format("is {}, but must be a list", shown(node, secret_)),
                   "begin each item with '- '");
    }
    const pb::Reflection& reflection = *out.GetReflection();
    const std::size_t first = under == nullptr ? 0 : static_cast<std::size_t>(reflection.FieldSize(*under, &field));
    for (std::size_t i = 0; i < node.size(); ++i) {
      const Node item = node.item(i);
      const FieldPath place = at[first + i];
      marks_.set(place, item.mark(), item.mark());
      if (field.cpp_type() == Field::CPPTYPE_MESSAGE) {
        message(item, *reflection.AddMessage(&out, &field), place, nullptr);
      } else {
        take(set_scalar(item, out, field, secret_), item, place);
      }
    }
  }

  void entries(const Node& node, pb::Message& out, const Field& field, const FieldPath& at) {
    if (!node.is_mapping()) {
      return error(node.mark(), at, fmt::format("is {}, but must be a mapping", shown(node, secret_)));
    }
    const pb::Reflection& reflection = *out.GetReflection();
    const Field& key_field = *field.message_type()->map_key();
    const Field& value_field = *field.message_type()->map_value();
    for (std::size_t i = 0; i < node.size(); ++i) {
      const Node key = node.key(i);
      const Node item = node.value(i);
      const FieldPath place = at.entry(key.text());
      marks_.set(place, key.mark(), item.mark());
      pb::Message& entry = *reflection.AddMessage(&out, &field);
      take(set_key(key, entry, key_field), key, place);
      if (value_field.cpp_type() == Field::CPPTYPE_MESSAGE) {
        message(item, *entry.GetReflection()->MutableMessage(&entry, &value_field), place, nullptr);
      } else {
        take(set_scalar(item, entry, value_field, secret_), item, place);
      }
    }
  }

  /// Keys are strings in JSON, so a plain 80 or true is good for any type of key.
  static std::expected<void, Misread> set_key(const Node& key, pb::Message& entry, const Field& field) {
    if (field.cpp_type() == Field::CPPTYPE_STRING) {
      entry.GetReflection()->SetString(&entry, &field, std::string(key.text()));
      return {};
    }
    if (field.cpp_type() == Field::CPPTYPE_BOOL && (key.text() == "true" || key.text() == "false")) {
      entry.GetReflection()->SetBool(&entry, &field, key.text() == "true");
      return {};
    }
    return set_scalar(key, entry, field, false);
  }

  void any(const Node& node, pb::Any& out, const FieldPath& path) {
    constexpr std::string_view kForm = "write '\"@type\": type.googleapis.com/' and the full name of a message";
    if (!node.is_mapping()) {
      return error(node.mark(), path, fmt::format("is {}, but must be a mapping with '@type'", shown(node, secret_)),
                   std::string(kForm));
    }
    if (node.size() == 0) return;  // means something in few places: check_supported() asks for a type in the others
    const auto url = node.find("@type");
    if (!url || !url->is_scalar() || url->text().empty()) {
      return error(node.mark(), path, "has no '@type', which names the type of what it holds", std::string(kForm));
    }
    const FieldPath at = path / "@type";
    marks_.set(at, url->mark(), url->mark());
    const std::string_view name = type_name(url->text());
    const pb::Descriptor* type = linked_type(name);
    if (type == nullptr) {
      return error(url->mark(), at, fmt::format("type {} is not known", shown(name)),
                   did_you_mean(nearest_types(name, known_types())));
    }
    if (name.size() == url->text().size()) {
      return error(url->mark(), at, fmt::format("is {}, but must be a type URL", shown(name)),
                   fmt::format("write type.googleapis.com/{}", name));
    }
    const std::unique_ptr<pb::Message> content = new_message(*type);
    payload(node, *content, path);
    if (is_typed_struct(*type)) check_typed_struct(node, path);
    out.set_type_url(std::string(url->text()));
    out.set_value(stable_bytes(*content));
  }

  /// Once for all errors: it takes longer than to read the document.
  const std::vector<std::string>& known_types() {
    if (known_types_.empty()) known_types_ = linked_types();
    return known_types_;
  }

  void payload(const Node& node, pb::Message& content, const FieldPath& path) {
    const pb::Descriptor& type = *content.GetDescriptor();
    const bool empty = type.full_name() == "google.protobuf.Empty";
    if (!has_own_form(type) && !(empty && node.find("value"))) return fields(node, content, path, nullptr, "@type");
    const FieldPath inside = path / "value";
    for (std::size_t i = 0; i < node.size(); ++i) {
      if (node.key(i).text() == "@type") continue;
      if (node.key(i).text() != "value") {
        error(node.key(i).mark(), path.entry(node.key(i).text()),
              fmt::format("unknown field: a {} within an Any stands under 'value'", type.name()));
        continue;
      }
      marks_.set(inside, node.key(i).mark(), node.value(i).mark());
      message(node.value(i), content, inside, nullptr);
    }
  }

  /// Reads the Struct of a TypedStruct once more as the type it names: for the errors, and for the marks under the
  /// names that open_any() will give its fields.
  void check_typed_struct(const Node& node, const FieldPath& path) {
    auto url = node.find("type_url");
    if (!url) url = node.find("typeUrl");
    const auto content = node.find("value");
    if (!url || !content || !content->is_mapping()) return;
    if (const pb::Descriptor* type = linked_type(type_name(url->text()))) {
      message(*content, *new_message(*type), path / "value", nullptr);
    }
  }

  void object(const Node& node, pb::Struct& out, const FieldPath& path) {
    if (!node.is_mapping()) {
      return error(node.mark(), path, fmt::format("is {}, but must be a mapping", shown(node, secret_)));
    }
    for (std::size_t i = 0; i < node.size(); ++i) {
      const FieldPath place = path.entry(node.key(i).text());
      marks_.set(place, node.key(i).mark(), node.value(i).mark());
      value(node.value(i), (*out.mutable_fields())[std::string(node.key(i).text())], place);
    }
  }

  void list(const Node& node, pb::ListValue& out, const FieldPath& path) {
    if (!node.is_sequence()) {
      return error(node.mark(), path, fmt::format("is {}, but must be a list", shown(node, secret_)));
    }
    for (std::size_t i = 0; i < node.size(); ++i) {
      const FieldPath place = path[i];
      marks_.set(place, node.item(i).mark(), node.item(i).mark());
      value(node.item(i), *out.add_values(), place);
    }
  }

  void value(const Node& node, pb::Value& out, const FieldPath& path) {
    if (node.is_mapping()) return object(node, *out.mutable_struct_value(), path);
    if (node.is_sequence()) return list(node, *out.mutable_list_value(), path);
    if (node.is_null()) return out.set_null_value(pb::NULL_VALUE);
    if (const auto flag = node.boolean()) return out.set_bool_value(*flag);
    const std::optional<double> number = node.plain() ? number_of(node.text()) : std::nullopt;
    if (number) return out.set_number_value(*number);
    out.set_string_value(std::string(node.text()));
  }

  /// A Value holds a double: a whole number that does not fit stays a string, as in Envoy, rather than change.
  static std::optional<double> number_of(std::string_view text) {
    constexpr std::uint64_t kExact = std::uint64_t{1} << 53;
    if (looks_like_integer(text)) {
      const std::optional<Whole> whole = whole_number(text, true);
      if (!whole || whole->overflow || whole->magnitude > kExact) return std::nullopt;
      const auto magnitude = static_cast<double>(whole->magnitude);
      return whole->negative ? -magnitude : magnitude;
    }
    const std::optional<double> number = looks_like_number(text) ? real_number(text) : std::nullopt;
    return number && std::isfinite(*number) ? number : std::nullopt;
  }

  Marks& marks_;
  Problems& problems_;
  const ReadOptions& options_;
  std::vector<std::string> known_types_;
  bool secret_ = false;  // inside of a field that holds a secret
};

}  // namespace

void read_message(const Node& root, pb::Message& out, Marks& marks, Problems& problems, const FieldPath& path,
                  const ReadOptions& options) {
  if (root.is_null()) {
    return problems.error(root.mark(), path.str(), "is empty",
                          fmt::format("write a mapping ({})", out.GetDescriptor()->full_name()));
  }
  marks.set(path, root.mark(), root.mark());
  MessageReader(marks, problems, options).message(root, out, path, options.under);
}

}  // namespace proa::config
