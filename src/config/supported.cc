#include "config/supported.h"

#include <fmt/format.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

namespace proa::config {

namespace pb = google::protobuf;

Supported::Supported(const pb::Descriptor* type, Names fields) : type_(type) {
  declare(fields, Standing::supported, {});
}

Supported::Entry* Supported::entry(std::string_view field) {
  const pb::FieldDescriptor* found = type_->FindFieldByName(std::string(field));
  if (found != nullptr) return &entries_[found->number()];
  mistakes_.push_back(fmt::format("{} has no field '{}'", type_->full_name(), field));
  return nullptr;
}

const Supported::Entry* Supported::find(const pb::FieldDescriptor& field) const {
  const auto found = entries_.find(field.number());
  return found == entries_.end() ? nullptr : &found->second;
}

void Supported::declare(Names fields, Standing standing, std::string_view reason) {
  for (const std::string_view name : fields) {
    Entry* slot = entry(name);
    if (slot == nullptr) continue;
    if (slot->standing != Standing::unsupported) {
      mistakes_.push_back(fmt::format("{}.{} is declared twice", type_->full_name(), name));
    }
    slot->standing = standing;
    slot->reason = reason;
  }
}

Supported& Supported::harmless(Names fields, std::string_view reason) {
  declare(fields, Standing::harmless, reason);
  return *this;
}

Supported& Supported::security(Names fields) {
  declare(fields, Standing::security, {});
  return *this;
}

Supported& Supported::must_know(Names fields) {
  for (const std::string_view name : fields) {
    if (Entry* slot = entry(name)) slot->must_know = true;
  }
  return *this;
}

Supported& Supported::only(std::string_view field, Names values) {
  Entry* slot = entry(field);
  if (slot == nullptr) return *this;
  const pb::EnumDescriptor* type = type_->FindFieldByName(std::string(field))->enum_type();
  for (const std::string_view value : values) {
    if (type == nullptr || type->FindValueByName(std::string(value)) == nullptr) {
      mistakes_.push_back(fmt::format("{}.{} has no value '{}'", type_->full_name(), field, value));
    } else {
      slot->values.emplace_back(value);
    }
  }
  return *this;
}

Standing Supported::standing(const pb::FieldDescriptor& field) const {
  const Entry* found = find(field);
  return found == nullptr ? Standing::unsupported : found->standing;
}

std::string_view Supported::reason(const pb::FieldDescriptor& field) const {
  const Entry* found = find(field);
  return found == nullptr ? std::string_view() : found->reason;
}

bool Supported::must_know(const pb::FieldDescriptor& field) const {
  const Entry* found = find(field);
  return found != nullptr && found->must_know;
}

const std::vector<std::string>& Supported::values(const pb::FieldDescriptor& field) const {
  static const std::vector<std::string> none;
  const Entry* found = find(field);
  return found == nullptr ? none : found->values;
}

void SupportedTable::add(Supported type) {
  const std::string name = type.type().full_name();
  mistakes_.insert(mistakes_.end(), type.mistakes().begin(), type.mistakes().end());
  if (!types_.emplace(name, std::move(type)).second) mistakes_.push_back(name + " is declared twice");
}

const Supported* SupportedTable::find(const pb::Descriptor& type) const {
  const auto found = types_.find(type.full_name());
  return found == types_.end() ? nullptr : &found->second;
}

std::vector<std::string> SupportedTable::type_names() const {
  std::vector<std::string> names;
  for (const auto& [name, type] : types_) names.push_back(name);
  return names;
}

std::vector<std::string> SupportedTable::mistakes() const { return mistakes_; }

}  // namespace proa::config
