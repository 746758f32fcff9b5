// well_known: the types with a JSON form of their own that is one string (Duration, Timestamp, FieldMask).
#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace google::protobuf {
class Duration;
class FieldMask;
class Timestamp;
}  // namespace google::protobuf

namespace proa::config {

/// Why a text is not of the form, and what to write instead.
struct Misread {
  std::string what;
  std::string fix;
};

/// "0.25s": decimal seconds, up to nine decimals, within +-315,576,000,000 s. `250ms`, `5m` and the like are
/// refused with the same time in seconds as the fix, as a bare number is.
std::expected<void, Misread> read_duration(std::string_view text, google::protobuf::Duration& out);

/// RFC 3339: "2026-01-31T12:00:00.5Z".
std::expected<void, Misread> read_timestamp(std::string_view text, google::protobuf::Timestamp& out);

/// "name,node.cluster"; camelCase parts become snake_case.
std::expected<void, Misread> read_field_mask(std::string_view text, google::protobuf::FieldMask& out);

}  // namespace proa::config
