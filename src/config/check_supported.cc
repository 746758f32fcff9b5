// check_supported: walks a configuration and names what is set but not implemented.
#include <fmt/format.h>
#include <google/protobuf/any.pb.h>
#include <google/protobuf/unknown_field_set.h>

#include <algorithm>

#include "config/nearest_name.h"
#include "config/supported.h"
#include "config/typed_payload.h"
#include "config/walk.h"

namespace proa::config {

namespace {

namespace pb = google::protobuf;

class SupportChecker {
 public:
  SupportChecker(const SupportedTable& table, bool allow) : table_(table), allow_(allow) {}

  void message(const pb::Message& message, const Site& at) {
    const pb::Descriptor& type = *message.GetDescriptor();
    check_.unknown_fields += static_cast<std::size_t>(message.GetReflection()->GetUnknownFields(message).field_count());
    if (is_well_known(type)) return;
    const Supported* known = table_.find(type);
    if (known == nullptr) return report(at, unknown_type(type.full_name()), {}, false);
    std::vector<const pb::FieldDescriptor*> set;
    message.GetReflection()->ListFields(message, &set);
    for (const pb::FieldDescriptor* field : set) {
      const Site place = at / field->name();
      this->field(message, *field, *known, place);
    }
  }

  const SupportCheck& result() const { return check_; }

 private:
  void field(const pb::Message& message, const pb::FieldDescriptor& field, const Supported& known, const Site& at) {
    switch (known.standing(field)) {
      case Standing::harmless: return;
      case Standing::security:
        return report(at, not_supported(message, field), "leaving it out would weaken security, so it must be removed",
                      true);
      case Standing::unsupported: return report(at, not_supported(message, field), {}, false);
      case Standing::supported: break;
    }
    if (const auto& values = known.values(field); !values.empty()) return enumerated(message, field, values, at);
    const bool guard = known.must_know(field) && !is_optional(message);
    each_message(message, field, at, [&](const pb::Message& child, const Site& child_at) {
      if (const auto* any = dynamic_cast<const pb::Any*>(&child)) {
        if (any->type_url().empty()) return untyped(field, child_at);
        return this->any(*any, guard, child_at);
      }
      this->message(child, child_at);
    });
  }

  /// An empty FilterConfig.config turns on a filter that is off by default.
  static void untyped(const pb::FieldDescriptor& field, const Site& at) {
    if (field.full_name() == "envoy.config.route.v3.FilterConfig.config") return;
    at.error("has no '@type', which names the type of what it holds",
             "write '\"@type\": type.googleapis.com/' and the full name of a message");
  }

  void any(const pb::Any& any, bool guard, const Site& at) {
    if (depth_ == kDeepestAny) return at.error(fmt::format("is nested in more than {} Any", kDeepestAny));
    const auto payload = open_any(any);
    if (!payload) {
      if (linked_type(type_name(any.type_url())) == nullptr) {
        return report(at, unknown_type(type_name(any.type_url())), nearest(any.type_url()), guard);
      }
      return report(at, payload.error().message, {}, guard);
    }
    const pb::Descriptor& type = *payload->message->GetDescriptor();
    if (!is_well_known(type) && table_.find(type) == nullptr) {
      return report(at, unknown_type(type.full_name()), nearest(type.full_name()), guard);
    }
    ++depth_;
    message(*payload->message, payload->inside(at));
    --depth_;
  }

  void enumerated(const pb::Message& message, const pb::FieldDescriptor& field, const std::vector<std::string>& values,
                  const Site& at) {
    const auto check = [&](const pb::EnumValueDescriptor& value, const Site& place) {
      if (std::ranges::find(values, value.name()) != values.end()) return;
      report(place, fmt::format("{} is not supported", value.name()), "supported: " + one_of(values), false);
    };
    const pb::Reflection& reflection = *message.GetReflection();
    if (!field.is_repeated()) return check(*reflection.GetEnum(message, &field), at);
    for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
      check(*reflection.GetRepeatedEnum(message, &field, i), at[static_cast<std::size_t>(i)]);
    }
  }

  /// Envoy's filters carry this word for "go on without it if you do not know it".
  static bool is_optional(const pb::Message& message) {
    const pb::FieldDescriptor* field = message.GetDescriptor()->FindFieldByName("is_optional");
    return field != nullptr && field->cpp_type() == pb::FieldDescriptor::CPPTYPE_BOOL && !field->is_repeated() &&
           message.GetReflection()->GetBool(message, field);
  }

  static std::string not_supported(const pb::Message& message, const pb::FieldDescriptor& field) {
    const std::string value = shown_value(message, field);
    return value.empty() ? "is not supported" : fmt::format("is {}, but is not supported", value);
  }

  static std::string unknown_type(std::string_view name) {
    return fmt::format("type {} is not supported", shown(name));
  }

  std::string nearest(std::string_view type_url) const {
    std::vector<std::string> urls;
    for (const std::string& name : nearest_types(type_name(type_url), table_.type_names())) {
      urls.push_back("type.googleapis.com/" + name);
    }
    return did_you_mean(urls);
  }

  void report(const Site& at, std::string what, std::string fix, bool always_error) {
    ++check_.unsupported;
    const bool warn = allow_ && !always_error;
    if (fix.empty()) fix = warn ? "it has no effect" : "remove it, or go on without it by --allow-unsupported";
    at.problems().add({warn ? Severity::warning : Severity::error, at.marks().key(at.path()), at.path().str(),
                       std::move(what), std::move(fix)});
  }

  const SupportedTable& table_;
  bool allow_;
  int depth_ = 0;
  SupportCheck check_;
};

}  // namespace

SupportCheck check_supported(const pb::Message& message, const SupportedTable& table, bool allow_unsupported,
                             const Site& at) {
  SupportChecker checker(table, allow_unsupported);
  checker.message(message, at);
  return checker.result();
}

}  // namespace proa::config
