// TextEdits: changes of a YAML text where its nodes stand, so that everything else stays as it was written, comments too.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/yaml_tree.h"

namespace proa::mesh {

/// Lines of YAML, the first without its indentation: the place where it is put gives it to all.
using Lines = std::vector<std::string>;

/// Fails, with line and column, for what is written in a way that cannot be changed: an alias, or flow style ({...}, [...])
/// where lines are to be put in. `text` outlives it.
class TextEdits {
 public:
  explicit TextEdits(std::string_view text);

  /// Entries before the first one of a mapping.
  Status add_entries(config::Node mapping, const Lines& lines);
  /// One entry, written in one line, in a mapping of either style; with a text: that in quotes.
  Status add_raw(config::Node mapping, const std::string& entry);
  Status add_text(config::Node mapping, std::string_view key, std::string_view value);
  /// Items before the first one of a sequence; each begins with "- ".
  Status add_items(config::Node sequence, const Lines& lines);
  /// The entry with that key, whole, by one line.
  Status replace_entry(config::Node key, config::Node value, std::string_view line);

  bool empty() const { return changes_.empty(); }
  std::string take() const;

 private:
  struct Change {
    std::size_t length = 0;  ///< that it takes the place of
    std::string text{};
  };

  std::size_t offset_of(config::Mark mark) const;
  std::size_t column_of(std::size_t offset) const;
  std::optional<std::size_t> end_of(config::Node node) const;
  Status put(std::size_t at, std::size_t length, const std::string& text, config::Mark mark);
  Status insert_lines(std::size_t at, const Lines& lines, config::Mark mark);

  std::string_view text_;
  std::vector<std::size_t> lines_;  ///< where each begins
  std::map<std::size_t, Change> changes_;
};

}  // namespace proa::mesh
