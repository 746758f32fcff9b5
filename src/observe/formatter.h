// Command operators: "%REQ(:METHOD)% took %DURATION% ms". One engine for access logs, header values, bodies of
// local replies and descriptors of rate limits. Grammar: %NAME%, %NAME(arguments)%, %NAME(arguments):MAX%, %%.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "observe/stream_info.h"

namespace proa::observe {

struct FormatStep;  // a literal or an operator: see format_step.h

/// Where the text goes, which decides what must never be in it.
enum class FormatTarget : uint8_t {
  kBody,    ///< as it is
  kLog,     ///< control bytes of values become \xNN: a client cannot forge a line
  kHeader,  ///< CR, LF and NUL of values become spaces: a client cannot split a message
};

/// Immutable and cheap to copy; used by all threads. An absent value is "-", or nothing with `omit_empty`.
class Formatter {
 public:
  Formatter() = default;  ///< formats to nothing
  /// The error names the operator, its position, and the nearest known one.
  static Result<Formatter> compile(std::string_view text, FormatTarget target, bool omit_empty = false);
  static Formatter literal(std::string text);

  /// Appends to `out`.
  void format(const StreamInfo& info, std::string& out) const;
  /// Set when the whole is one constant text: no StreamInfo is needed.
  const std::string* constant() const;
  /// False when the only operator there is has no value: the header or descriptor is then left out.
  bool has_value(const StreamInfo& info) const;

 private:
  std::shared_ptr<const std::vector<FormatStep>> steps_;
  FormatTarget target_ = FormatTarget::kBody;
  bool omit_empty_ = false;
};

/// A JSON object a line. A string that is one operator keeps the operator's type (number, boolean, object); an
/// absent value is null, or left out with `omit_empty`. What it writes is one line of valid JSON, whatever bytes
/// the values have: control bytes, DEL and bytes that are no UTF-8 are escaped as \u00NN.
class JsonFormatter {
 public:
  static Result<JsonFormatter> compile(const nlohmann::json& object, bool omit_empty = false);
  /// Appends the object, without a line end.
  void format(const StreamInfo& info, std::string& out) const;

 private:
  struct Node;
  static Result<Node> compile_node(const nlohmann::json& value);
  static bool write(const Node& node, const StreamInfo& info, bool omit_empty, std::string& out);
  std::shared_ptr<const Node> root_;
  bool omit_empty_ = false;
};

/// Appends `text` as a JSON string with its quotes, escaped as JsonFormatter promises.
void append_json_string(std::string_view text, std::string& out);

/// Envoy's default access-log line, with the line end.
extern const std::string_view kDefaultLogFormat;

}  // namespace proa::observe
