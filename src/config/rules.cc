#include "config/rules.h"

#include <fmt/format.h>
#include <google/protobuf/any.pb.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "config/sensitive.h"
#include "config/string_rules.h"
#include "config/typed_payload.h"
#include "config/walk.h"
#include "validate/validate.pb.h"

namespace proa::config {

namespace {

namespace pb = google::protobuf;
using Field = pb::FieldDescriptor;
using Broken = std::optional<std::string>;

/// Bounds and lists of numbers, enums, durations and timestamps alike. PGV: a lower bound above the upper one
/// means "outside of the two".
template <class Rules, class Value, class Print>
Broken broken_bounds(const Rules& rules, const Value& value, Print print) {
  const bool lower = rules.has_gt() || rules.has_gte();
  const bool upper = rules.has_lt() || rules.has_lte();
  const bool low = (rules.has_gt() && !(value > rules.gt())) || (rules.has_gte() && !(value >= rules.gte()));
  const bool high = (rules.has_lt() && !(value < rules.lt())) || (rules.has_lte() && !(value <= rules.lte()));
  const auto above = [&] {
    return rules.has_gt() ? fmt::format("above {}", print(rules.gt())) : fmt::format("at least {}", print(rules.gte()));
  };
  const auto below = [&] {
    return rules.has_lt() ? fmt::format("below {}", print(rules.lt())) : fmt::format("at most {}", print(rules.lte()));
  };
  if (lower && upper) {
    const bool outside = (rules.has_gt() ? rules.gt() : rules.gte()) > (rules.has_lt() ? rules.lt() : rules.lte());
    if (outside ? low && high : low || high) {
      return fmt::format("must be {} {} {}", above(), outside ? "or" : "and", below());
    }
  } else if (low) {
    return "must be " + above();
  } else if (high) {
    return "must be " + below();
  }
  return std::nullopt;
}

template <class Rules, class Value, class Print>
Broken broken_set(const Rules& rules, const Value& value, Print print) {
  const auto listed = [&](const auto& values) {
    std::vector<std::string> names;
    for (const auto& one : values) names.push_back(print(one));
    return one_of(names);
  };
  if (rules.in_size() != 0 && std::ranges::find(rules.in(), value) == rules.in().end()) {
    return fmt::format("must be {}", listed(rules.in()));
  }
  if (std::ranges::find(rules.not_in(), value) != rules.not_in().end()) {
    return fmt::format("must not be {}", listed(rules.not_in()));
  }
  return std::nullopt;
}

template <class Rules, class Value>
Broken broken_number(const Rules& rules, const Value& value) {
  const auto print = [](const auto& number) { return fmt::format("{}", number); };
  if (rules.ignore_empty() && value == Value{}) return std::nullopt;
  if (rules.has_const_() && value != rules.const_()) return fmt::format("must be {}", rules.const_());
  if (auto broken = broken_bounds(rules, value, print)) return broken;
  return broken_set(rules, value, print);
}

Broken broken_enum(const validate::EnumRules& rules, const pb::EnumDescriptor& type, int value) {
  const auto print = [&](int number) {
    const auto* known = type.FindValueByNumber(number);
    return known == nullptr ? fmt::format("{}", number) : known->name();
  };
  if (rules.defined_only() && type.FindValueByNumber(value) == nullptr) {
    return fmt::format("must be a value of {}", type.full_name());
  }
  if (rules.has_const_() && value != rules.const_()) return "must be " + print(rules.const_());
  return broken_set(rules, value, print);
}

template <class Rules, class Value>
Broken broken_time(const Rules& rules, const Value& value) {
  const auto print = [](const Value& time) { return pb::util::TimeUtil::ToString(time); };
  if (rules.has_const_() && !(value == rules.const_())) return "must be " + print(rules.const_());
  return broken_bounds(rules, value, print);
}

Broken broken_duration(const validate::DurationRules& rules, const pb::Duration& value) {
  if (auto broken = broken_time(rules, value)) return broken;
  const auto listed = [&](const auto& values) {
    std::vector<std::string> names;
    for (const auto& one : values) names.push_back(pb::util::TimeUtil::ToString(one));
    return one_of(names);
  };
  const auto same = [&](const pb::Duration& one) { return one == value; };
  if (rules.in_size() != 0 && std::ranges::none_of(rules.in(), same)) return "must be " + listed(rules.in());
  if (std::ranges::any_of(rules.not_in(), same)) return "must not be " + listed(rules.not_in());
  return std::nullopt;
}

Broken broken_any(const validate::AnyRules& rules, const pb::Any& any) {
  const auto has = [&](const auto& urls) { return std::ranges::find(urls, any.type_url()) != urls.end(); };
  if (rules.in_size() != 0 && !has(rules.in())) return "must hold " + fmt::format("{}", fmt::join(rules.in(), " or "));
  if (has(rules.not_in())) return "must not hold " + any.type_url();
  return std::nullopt;
}

class RuleChecker {
 public:
  void message(const pb::Message& message, const Site& at) {
    if (const auto* any = dynamic_cast<const pb::Any*>(&message)) {
      if (any->type_url().empty()) return;
      if (depth_ == kDeepestAny) return at.error(fmt::format("is nested in more than {} Any", kDeepestAny));
      ++depth_;
      if (const auto payload = open_any(*any)) this->message(*payload->message, payload->inside(at));
      --depth_;
      return;
    }
    const pb::Descriptor& type = *message.GetDescriptor();
    if (is_well_known(type) || type.options().GetExtension(validate::disabled)) return;
    const pb::Reflection& reflection = *message.GetReflection();
    for (const Ruled& ruled : rules_of(type)) {
      const Site place = at / ruled.field->name();
      this->field(message, *ruled.field, *ruled.rules, place);
    }
    oneofs(message, type, at);
    std::vector<const Field*> set;
    reflection.ListFields(message, &set);
    for (const Field* field : set) {
      const bool outer = std::exchange(secret_, secret_ || is_sensitive(*field));
      const Site place = at / field->name();
      if (!skipped(*field)) {
        each_message(message, *field, place,
                     [&](const pb::Message& child, const Site& child_at) { this->message(child, child_at); });
      }
      secret_ = outer;
    }
  }

 private:
  struct Ruled {
    const Field* field;
    const validate::FieldRules* rules;
  };

  /// Found once per type: most fields have no rule, and there are many messages of one type.
  const std::vector<Ruled>& rules_of(const pb::Descriptor& type) {
    const auto [slot, fresh] = rules_.try_emplace(&type);
    for (int i = 0; fresh && i < type.field_count(); ++i) {
      const Field* field = type.field(i);
      if (field->options().HasExtension(validate::rules)) {
        slot->second.push_back({field, &field->options().GetExtension(validate::rules)});
      }
    }
    return slot->second;
  }

  static bool skipped(const Field& field) {
    return field.options().HasExtension(validate::rules) &&
           field.options().GetExtension(validate::rules).message().skip();
  }

  static void oneofs(const pb::Message& message, const pb::Descriptor& type, const Site& at) {
    for (int i = 0; i < type.real_oneof_decl_count(); ++i) {
      const pb::OneofDescriptor& group = *type.oneof_decl(i);
      if (!group.options().GetExtension(validate::required)) continue;
      if (message.GetReflection()->HasOneof(message, &group)) continue;
      std::vector<std::string> names;
      for (int k = 0; k < group.field_count(); ++k) {
        if (!group.field(k)->options().deprecated()) names.push_back(group.field(k)->name());
      }
      at.error(fmt::format("needs {}{}", names.size() == 1 ? "" : "one of ", one_of(names)));
    }
  }

  void complain(const Site& at, const std::string& value, const std::string& rule) const {
    at.error(value.empty() || secret_ ? rule : fmt::format("is {}, but {}", value, rule));
  }

  void field(const pb::Message& message, const Field& field, const validate::FieldRules& rules, const Site& at) {
    const bool outer = std::exchange(secret_, secret_ || is_sensitive(field));
    const pb::Reflection& reflection = *message.GetReflection();
    if (field.is_map()) {
      map(message, field, rules.map(), at);
    } else if (field.is_repeated()) {
      repeated(message, field, rules.repeated(), at);
    } else if (field.cpp_type() == Field::CPPTYPE_MESSAGE) {
      const bool required = rules.message().required() || rules.any().required() || rules.duration().required() ||
                            rules.timestamp().required();
      if (reflection.HasField(message, &field)) {
        inside(reflection.GetMessage(message, &field), rules, at);
      } else if (required && field.real_containing_oneof() == nullptr) {  // another member may be set instead
        at.error(fmt::format("is required ({})", field.message_type()->full_name()));
      }
    } else if (!field.has_presence() || reflection.HasField(message, &field)) {
      if (const Broken broken = broken_scalar(message, field, -1, rules)) {
        // An unset field has no value worth showing: "must not be empty" alone says it.
        complain(at, at.marks().has(at.path()) ? shown_value(message, field) : std::string(), *broken);
      }
    }
    secret_ = outer;
  }

  /// Rules of a wrapper, a Duration, a Timestamp or an Any, which stand on the field that holds it.
  void inside(const pb::Message& value, const validate::FieldRules& rules, const Site& at) const {
    Broken broken;
    std::string text;
    if (const auto* duration = dynamic_cast<const pb::Duration*>(&value)) {
      broken = broken_duration(rules.duration(), *duration);
      text = pb::util::TimeUtil::ToString(*duration);
    } else if (const auto* time = dynamic_cast<const pb::Timestamp*>(&value)) {
      broken = broken_time(rules.timestamp(), *time);
      text = pb::util::TimeUtil::ToString(*time);
    } else if (const auto* any = dynamic_cast<const pb::Any*>(&value)) {
      broken = broken_any(rules.any(), *any);
    } else if (is_well_known(*value.GetDescriptor()) && value.GetDescriptor()->field_count() == 1) {
      const Field& only = *value.GetDescriptor()->field(0);
      if (only.is_repeated()) return;
      broken = broken_scalar(value, only, -1, rules);
      text = shown_value(value, only);
    }
    if (broken) complain(at, text, *broken);
  }

  void repeated(const pb::Message& message, const Field& field, const validate::RepeatedRules& rules, const Site& at) {
    const auto size = static_cast<std::uint64_t>(message.GetReflection()->FieldSize(message, &field));
    if (size == 0 && rules.ignore_empty()) return;
    if (rules.has_min_items() && size < rules.min_items()) {
      at.error(fmt::format("has {} items, but needs at least {}", size, rules.min_items()));
    }
    if (rules.has_max_items() && size > rules.max_items()) {
      at.error(fmt::format("has {} items, but may have at most {}", size, rules.max_items()));
    }
    if (rules.unique()) unique(message, field, at);
    if (!rules.has_items()) return;
    for (int i = 0; i < static_cast<int>(size); ++i) {
      const Site place = at[static_cast<std::size_t>(i)];
      if (field.cpp_type() == Field::CPPTYPE_MESSAGE) {
        inside(message.GetReflection()->GetRepeatedMessage(message, &field, i), rules.items(), place);
      } else if (const Broken broken = broken_scalar(message, field, i, rules.items())) {
        complain(place, item_text(message, field, i), *broken);
      }
    }
  }

  void unique(const pb::Message& message, const Field& field, const Site& at) const {
    if (field.cpp_type() == Field::CPPTYPE_MESSAGE) return;  // PGV knows it for scalars only
    std::unordered_map<std::string, int> seen;
    for (int i = 0; i < message.GetReflection()->FieldSize(message, &field); ++i) {
      const auto [first, fresh] = seen.emplace(item_text(message, field, i), i);
      if (!fresh) {
        at[static_cast<std::size_t>(i)].error(
            fmt::format("is the same as item {}, but items must be unique", first->second));
      }
    }
  }

  void map(const pb::Message& message, const Field& field, const validate::MapRules& rules, const Site& at) {
    const pb::Reflection& reflection = *message.GetReflection();
    const auto size = static_cast<std::uint64_t>(reflection.FieldSize(message, &field));
    if (size == 0 && rules.ignore_empty()) return;
    if (rules.has_min_pairs() && size < rules.min_pairs()) {
      at.error(fmt::format("has {} entries, but needs at least {}", size, rules.min_pairs()));
    }
    if (rules.has_max_pairs() && size > rules.max_pairs()) {
      at.error(fmt::format("has {} entries, but may have at most {}", size, rules.max_pairs()));
    }
    const Field& key = *field.message_type()->map_key();
    const Field& value = *field.message_type()->map_value();
    for (int i = 0; i < static_cast<int>(size); ++i) {
      const pb::Message& entry = reflection.GetRepeatedMessage(message, &field, i);
      const std::string text = map_key_text(entry);
      const Site place = at.entry(text);
      if (const Broken broken = broken_scalar(entry, key, -1, rules.keys())) complain(place, "", "the key " + *broken);
      if (value.cpp_type() == Field::CPPTYPE_MESSAGE) {
        inside(entry.GetReflection()->GetMessage(entry, &value), rules.values(), place);
      } else if (const Broken broken = broken_scalar(entry, value, -1, rules.values())) {
        complain(place, shown_value(entry, value), *broken);
      }
    }
  }

  static std::string item_text(const pb::Message& message, const Field& field, int i) {
    const pb::Reflection& reflection = *message.GetReflection();
    switch (field.cpp_type()) {
      case Field::CPPTYPE_STRING: return shown(reflection.GetRepeatedString(message, &field, i));
      case Field::CPPTYPE_ENUM: return reflection.GetRepeatedEnum(message, &field, i)->name();
      case Field::CPPTYPE_INT32: return fmt::format("{}", reflection.GetRepeatedInt32(message, &field, i));
      case Field::CPPTYPE_INT64: return fmt::format("{}", reflection.GetRepeatedInt64(message, &field, i));
      case Field::CPPTYPE_UINT32: return fmt::format("{}", reflection.GetRepeatedUInt32(message, &field, i));
      case Field::CPPTYPE_UINT64: return fmt::format("{}", reflection.GetRepeatedUInt64(message, &field, i));
      case Field::CPPTYPE_DOUBLE: return fmt::format("{}", reflection.GetRepeatedDouble(message, &field, i));
      case Field::CPPTYPE_FLOAT: return fmt::format("{}", reflection.GetRepeatedFloat(message, &field, i));
      case Field::CPPTYPE_BOOL: return reflection.GetRepeatedBool(message, &field, i) ? "true" : "false";
      case Field::CPPTYPE_MESSAGE: break;
    }
    return {};
  }

  /// The value of a field, or with i >= 0 of an item of it.
  static Broken broken_scalar(const pb::Message& message, const Field& field, int i,
                              const validate::FieldRules& rules) {
    const pb::Reflection& r = *message.GetReflection();
    const auto get = [&](auto one, auto repeated) {
      return i < 0 ? (r.*one)(message, &field) : (r.*repeated)(message, &field, i);
    };
    using R = pb::Reflection;
    using Rules = validate::FieldRules;
    switch (rules.type_case()) {
      case Rules::kString: return broken_rule(rules.string(), get(&R::GetString, &R::GetRepeatedString));
      case Rules::kBytes: return broken_rule(rules.bytes(), get(&R::GetString, &R::GetRepeatedString));
      case Rules::kInt32: return broken_number(rules.int32(), get(&R::GetInt32, &R::GetRepeatedInt32));
      case Rules::kSint32: return broken_number(rules.sint32(), get(&R::GetInt32, &R::GetRepeatedInt32));
      case Rules::kSfixed32: return broken_number(rules.sfixed32(), get(&R::GetInt32, &R::GetRepeatedInt32));
      case Rules::kInt64: return broken_number(rules.int64(), get(&R::GetInt64, &R::GetRepeatedInt64));
      case Rules::kSint64: return broken_number(rules.sint64(), get(&R::GetInt64, &R::GetRepeatedInt64));
      case Rules::kSfixed64: return broken_number(rules.sfixed64(), get(&R::GetInt64, &R::GetRepeatedInt64));
      case Rules::kUint32: return broken_number(rules.uint32(), get(&R::GetUInt32, &R::GetRepeatedUInt32));
      case Rules::kFixed32: return broken_number(rules.fixed32(), get(&R::GetUInt32, &R::GetRepeatedUInt32));
      case Rules::kUint64: return broken_number(rules.uint64(), get(&R::GetUInt64, &R::GetRepeatedUInt64));
      case Rules::kFixed64: return broken_number(rules.fixed64(), get(&R::GetUInt64, &R::GetRepeatedUInt64));
      case Rules::kFloat: return broken_number(rules.float_(), get(&R::GetFloat, &R::GetRepeatedFloat));
      case Rules::kDouble: return broken_number(rules.double_(), get(&R::GetDouble, &R::GetRepeatedDouble));
      case Rules::kBool:
        if (rules.bool_().has_const_() && rules.bool_().const_() != get(&R::GetBool, &R::GetRepeatedBool)) {
          return rules.bool_().const_() ? "must be true" : "must be false";
        }
        break;
      case Rules::kEnum:
        return broken_enum(rules.enum_(), *field.enum_type(), get(&R::GetEnumValue, &R::GetRepeatedEnumValue));
      default: break;
    }
    return std::nullopt;
  }

  std::unordered_map<const pb::Descriptor*, std::vector<Ruled>> rules_;
  int depth_ = 0;
  bool secret_ = false;
};

}  // namespace

void check_rules(const pb::Message& message, const Site& at) { RuleChecker().message(message, at); }

}  // namespace proa::config
