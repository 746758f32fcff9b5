// The inside of formatters: one step is a literal or an operator with its arguments, already looked up.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "http/header_id.h"
#include "observe/metadata_matcher.h"
#include "observe/stream_info.h"
#include "observe/time_format.h"

namespace proa::observe {

/// What an operator finds. Reused from operator to operator, so that `scratch` keeps its memory.
struct FormatValue {
  enum class Kind : uint8_t { kMissing, kText, kNumber, kSigned, kBool, kJson };
  Kind kind = Kind::kMissing;
  std::string_view text;
  uint64_t number = 0;
  int64_t signed_number = 0;
  bool boolean = false;
  const nlohmann::json* json = nullptr;
  std::string scratch;

  void set_missing() { kind = Kind::kMissing; }
  /// Empty counts as missing.
  void set(std::string_view value) {
    kind = value.empty() ? Kind::kMissing : Kind::kText;
    text = value;
  }
  /// Present even when empty: header values.
  void set_present(std::string_view value) {
    kind = Kind::kText;
    text = value;
  }
  void set(uint64_t value) {
    kind = Kind::kNumber;
    number = value;
  }
  void set_signed(int64_t value) {
    kind = Kind::kSigned;
    signed_number = value;
  }
  void set(const nlohmann::json* value) {
    kind = value && !value->is_null() ? Kind::kJson : Kind::kMissing;
    json = value;
  }
  void set_scratch() { set(std::string_view(scratch)); }
};

struct FormatStep {
  using Extract = void (*)(const FormatStep&, const StreamInfo&, FormatValue&);

  Extract extract = nullptr;  ///< null: `text` is a literal
  std::string text;           ///< the literal, or an argument (a header's name)
  std::string alternate;      ///< of REQ(X?Y)
  http::HeaderId id = http::HeaderId::kOther;
  http::HeaderId alternate_id = http::HeaderId::kOther;
  size_t max_length = SIZE_MAX;
  uint32_t option = 0;  ///< what the operator's function takes it for
  uint32_t option2 = 0;
  MetadataSource source = MetadataSource::kDynamic;
  std::vector<std::string> path;
  TimeFormat time;
  std::vector<FormatStep> steps;  ///< of COALESCE
};

/// One known name. `compile` reads the arguments (empty when there are none) into the step.
struct FormatOperator {
  std::string_view name;
  FormatStep::Extract extract;
  Status (*compile)(std::string_view arguments, FormatStep& step) = nullptr;  ///< null: takes no arguments
  uint32_t option = 0;
};

std::span<const FormatOperator> message_operators();     // format_message.cc
std::span<const FormatOperator> exchange_operators();    // format_exchange.cc
std::span<const FormatOperator> connection_operators();  // format_connection.cc
std::span<const FormatOperator> time_operators();        // format_time.cc

/// Finds the operator and compiles it; the error names the nearest known one.
Status compile_operator(std::string_view name, std::string_view arguments, bool has_arguments, FormatStep& step);
/// A text with operators as steps.
Result<std::vector<FormatStep>> compile_steps(std::string_view text);
/// Appends a value as plain text. Precondition: not missing.
void append_plain(const FormatValue& value, size_t max_length, std::string& out);
/// Appends JSON with append_json_string's escapes.
void append_json(const nlohmann::json& value, std::string& out);

}  // namespace proa::observe
