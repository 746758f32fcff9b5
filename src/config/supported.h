// supported: "nothing is silently ignored". Beside the code that reads a message stands the list of its fields that
// this code reads; whatever else a configuration sets is reported with its path, its line and its value.
//
//   // listener_compile.cc
//   void add_listener_fields(SupportedTable& table) {
//     table.add(supported<envoy::config::listener::v3::Listener>({"name", "address", "filter_chains"})
//                   .harmless({"metadata"}, "only shown in the configuration dump")
//                   .security({"bypass_overload_manager"}));
//   }
//
// There is no registration behind the scenes: one function calls all the add_..._fields functions.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config/site.h"

namespace google::protobuf {
class Descriptor;
class FieldDescriptor;
class Message;
}  // namespace google::protobuf

namespace proa::config {

enum class Standing : std::uint8_t {
  supported,
  harmless,     ///< accepted; has no effect here, by design
  unsupported,  ///< an error; a warning if the user allows unsupported fields
  security,     ///< unsupported, and leaving it out would weaken security or let other requests through: an error
};

/// The fields of one message type. Names that the type lacks are kept as mistakes(): a descriptor set of another
/// day may lack a field, and that must not stop the program; a test on the full API checks that there are none.
class Supported {
 public:
  using Names = std::initializer_list<std::string_view>;

  Supported(const google::protobuf::Descriptor* type, Names fields);

  /// Accepted without effect; the reason is printed in the reference.
  Supported& harmless(Names fields, std::string_view reason);
  /// Unsupported and never to be overlooked.
  Supported& security(Names fields);
  /// Supported fields that hold an Any whose payload may guard requests (filters, transport sockets): an unknown
  /// type in them is an error even where unsupported fields are allowed. `is_optional: true` beside it excuses it.
  Supported& must_know(Names fields);
  /// An enum field of which only these values are implemented.
  Supported& only(std::string_view field, Names values);

  const google::protobuf::Descriptor& type() const { return *type_; }
  Standing standing(const google::protobuf::FieldDescriptor& field) const;
  /// Of a harmless field; else empty.
  std::string_view reason(const google::protobuf::FieldDescriptor& field) const;
  bool must_know(const google::protobuf::FieldDescriptor& field) const;
  /// Values of an enum field, empty for all.
  const std::vector<std::string>& values(const google::protobuf::FieldDescriptor& field) const;
  const std::vector<std::string>& mistakes() const { return mistakes_; }

 private:
  struct Entry {
    Standing standing = Standing::unsupported;
    bool must_know = false;
    std::string reason;
    std::vector<std::string> values;
  };
  Entry* entry(std::string_view field);
  const Entry* find(const google::protobuf::FieldDescriptor& field) const;
  void declare(Names fields, Standing standing, std::string_view reason);

  const google::protobuf::Descriptor* type_;
  std::map<int, Entry> entries_;  // by field number
  std::vector<std::string> mistakes_;
};

template <class Message>
Supported supported(Supported::Names fields) {
  return Supported(Message::descriptor(), fields);
}

/// Every type that is compiled. Built once at start; read by any thread afterwards.
class SupportedTable {
 public:
  void add(Supported type);

  const Supported* find(const google::protobuf::Descriptor& type) const;
  /// By full name.
  const std::map<std::string, Supported, std::less<>>& types() const { return types_; }
  std::vector<std::string> type_names() const;
  /// Declared fields that do not exist, fields and types declared twice.
  std::vector<std::string> mistakes() const;

 private:
  std::map<std::string, Supported, std::less<>> types_;
  std::vector<std::string> mistakes_;
};

struct SupportCheck {
  std::size_t unsupported = 0;     ///< fields and types reported, as error or warning
  std::size_t unknown_fields = 0;  ///< fields of the binary form that the linked API does not know (xDS)
};

/// Reports every set field of `message`, and of all it contains through Any and TypedStruct, that is not supported.
/// google.protobuf's own types are supported wherever the field is.
SupportCheck check_supported(const google::protobuf::Message& message, const SupportedTable& table,
                             bool allow_unsupported, const Site& at);

}  // namespace proa::config
