// TreeBuilder: makes a YamlTree from events, whatever they come from (libyaml, JSON, a protobuf Struct), and
// enforces once for all of them: limits, unique keys, anchors, aliases and merge keys.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "config/problems.h"
#include "config/yaml_tree.h"

namespace proa::config {

/// Feed events in document order until failed(); keys come as scalars before their values. Used by one thread.
class TreeBuilder {
 public:
  struct Place {
    std::size_t line = 0;
    std::size_t column = 0;
  };

  TreeBuilder(std::string_view file, Problems& problems, const TreeLimits& limits);

  void scalar(std::string_view text, bool plain, Place at, std::string_view anchor = {});
  void begin(NodeKind kind, Place at, std::string_view anchor = {});
  void end();
  void alias(std::string_view name, Place at);

  /// After this the events that follow are ignored.
  bool failed() const { return failed_; }
  /// One error that makes the document unusable.
  void fail(Place at, std::string what, std::string fix = {});

  /// The tree, unless something was wrong. Call once, at the end.
  std::optional<YamlTree> finish();

 private:
  struct Anchored {
    std::uint32_t node = 0;
    std::size_t weight = 0;  // nodes, aliases within counted as often as used
    std::size_t height = 0;
    bool open = true;  // still being built: an alias to it would be a cycle
  };
  struct Frame {
    std::uint32_t node = 0;
    std::size_t first_pending = 0;
    std::size_t weight = 1;
    std::size_t height = 1;
    std::string anchor;
  };

  /// The keys of one mapping; views of text_, which does not grow meanwhile.
  struct Keys {
    std::vector<std::uint32_t> few;
    std::unordered_map<std::string_view, std::uint32_t> many;
  };

  bool count(std::size_t nodes, std::size_t height, Place at);
  std::uint32_t store(NodeKind kind, bool plain, Place at);
  void attach(std::uint32_t node, std::size_t weight, std::size_t height);
  void remember(std::string_view anchor, const Anchored& what);
  void close_mapping(const Frame& frame);
  bool check_key(std::uint32_t key);
  void merge(std::uint32_t source, const YamlTree::Stored& target, std::vector<std::uint32_t>& entries, Keys& seen);
  std::optional<std::uint32_t> earlier(Keys& seen, std::uint32_t key) const;
  std::string_view text(std::uint32_t node) const;
  Place place(std::uint32_t node) const { return {tree_.nodes_[node].line, tree_.nodes_[node].column}; }
  void error(Place at, std::string what, std::string fix);

  YamlTree tree_;
  Problems* problems_;
  TreeLimits limits_;
  std::vector<Frame> frames_;
  std::vector<std::uint32_t> pending_;  // children of the open containers
  std::unordered_map<std::string, Anchored> anchors_;
  std::size_t nodes_ = 0;
  std::size_t alias_nodes_ = 0;
  bool rooted_ = false;
  bool failed_ = false;
  bool wrong_ = false;
};

}  // namespace proa::config
