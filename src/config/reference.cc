#include "config/reference.h"

#include <fmt/format.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <set>
#include <vector>

#include "config/supported.h"
#include "config/walk.h"

namespace proa::config {

namespace {

namespace pb = google::protobuf;

std::string type_of(const pb::FieldDescriptor& field) {
  if (field.is_map()) {
    return fmt::format("map of {}", type_of(*field.message_type()->map_value()));
  }
  std::string name = field.type_name();
  if (field.cpp_type() == pb::FieldDescriptor::CPPTYPE_MESSAGE) name = field.message_type()->name();
  if (field.cpp_type() == pb::FieldDescriptor::CPPTYPE_ENUM) name = field.enum_type()->name();
  return field.is_repeated() ? "list of " + name : name;
}

std::string words(const Supported& type, const pb::FieldDescriptor& field) {
  switch (type.standing(field)) {
    case Standing::harmless: return fmt::format("accepted without effect: {}", type.reason(field));
    case Standing::security: return "not supported, always an error (security)";
    case Standing::unsupported: return "not supported";
    case Standing::supported: break;
  }
  if (!type.values(field).empty()) return fmt::format("supported: `{}`", fmt::join(type.values(field), "`, `"));
  return "supported";
}

/// Types in the order of a walk from the root, each once.
class Types {
 public:
  explicit Types(const SupportedTable& table) : table_(table) {}

  void visit(const pb::Descriptor& type) {
    if (is_well_known(type) || !seen_.insert(&type).second) return;
    const Supported* known = table_.find(type);
    if (known == nullptr) {
      absent_.insert(type.full_name());
      return;
    }
    listed_.push_back(known);
    for (int i = 0; i < type.field_count(); ++i) {
      const pb::FieldDescriptor* field = type.field(i);
      if (field->is_map()) field = field->message_type()->map_value();
      if (field->cpp_type() == pb::FieldDescriptor::CPPTYPE_MESSAGE) visit(*field->message_type());
    }
  }

  const std::vector<const Supported*>& listed() const { return listed_; }
  const std::set<std::string>& absent() const { return absent_; }

 private:
  const SupportedTable& table_;
  std::set<const pb::Descriptor*> seen_;
  std::vector<const Supported*> listed_;
  std::set<std::string> absent_;
};

void write_type(const Supported& known, std::string& out) {
  const pb::Descriptor& type = known.type();
  out += fmt::format("\n## {}\n\n", type.full_name());
  if (type.field_count() == 0) {
    out += "It has no fields.\n";
    return;
  }
  out += "| field | type | Proa |\n| --- | --- | --- |\n";
  for (int i = 0; i < type.field_count(); ++i) {
    const pb::FieldDescriptor& field = *type.field(i);
    out += fmt::format("| `{}`{} | {} | {} |\n", field.name(), field.options().deprecated() ? " (deprecated)" : "",
                       type_of(field), words(known, field));
  }
}

}  // namespace

void write_reference(const SupportedTable& table, const pb::Descriptor& root, std::string& out) {
  Types types(table);
  types.visit(root);
  for (const auto& [name, type] : table.types()) types.visit(type.type());
  out +=
      "# Fields of Envoy's API\n\n"
      "A field that is set and not supported is an error, or a warning with `--allow-unsupported`; what is marked\n"
      "*security* is always an error. Types of `google.protobuf` are supported wherever the field is.\n";
  for (const Supported* type : types.listed()) write_type(*type, out);
  if (types.absent().empty()) return;
  out += "\n## Not supported as a whole\n\n";
  for (const std::string& name : types.absent()) out += fmt::format("- `{}`\n", name);
}

}  // namespace proa::config
