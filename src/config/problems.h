// Problems: everything that is wrong with a configuration, each with its place, its path and its fix.
//
// Reading and compiling go on after an error, so that one run names all of them. A problem prints as
//   envoy.yaml:12:7: static_resources.listeners[0].adress: unknown field; did you mean 'address'?
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace proa::config {

/// A place in a file. `line` and `column` count from 1, columns in characters; line 0 is "no line known" (xDS).
/// `file` comes from `interned_file()`, or is a literal: a Mark owns nothing and is freely copied.
struct Mark {
  std::string_view file;
  std::uint32_t line = 0;
  std::uint32_t column = 0;

  bool known() const { return line != 0; }
  bool operator==(const Mark&) const = default;
};

/// The same text, alive as long as the process: names of configuration files are few. Any thread.
std::string_view interned_file(std::string_view name);

enum class Severity : std::uint8_t { error, warning };

struct Problem {
  Severity severity = Severity::error;
  Mark at;
  std::string path;  ///< `static_resources.listeners[0].address`; empty for the file as a whole
  std::string what;  ///< the fact, with the offending value
  std::string fix;   ///< what to write instead; may be empty

  std::string str() const;
};

/// Collects, never stops. Only the first kKept are kept with their text, the rest are counted: a hostile file
/// must not turn into more memory than it has itself. Used by one thread.
class Problems {
 public:
  static constexpr std::size_t kKept = 1000;

  void add(Problem problem);
  void error(const Mark& at, std::string path, std::string what, std::string fix = {});
  void warning(const Mark& at, std::string path, std::string what, std::string fix = {});

  bool ok() const { return errors_ == 0; }
  std::size_t errors() const { return errors_; }
  std::size_t warnings() const { return warnings_; }

  /// In the order found.
  const std::vector<Problem>& all() const { return all_; }

  /// One line each, by file and line, and a last line that counts them; empty without problems.
  std::string str() const;

 private:
  std::vector<Problem> all_;
  std::size_t errors_ = 0;
  std::size_t warnings_ = 0;
};

/// The value as an error shows it: in double quotes, control characters escaped, cut after 60 bytes.
std::string shown(std::string_view value);

/// "a, b or c".
std::string one_of(const std::vector<std::string>& names);

}  // namespace proa::config
