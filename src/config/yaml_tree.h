// YamlTree: a YAML or JSON document as an immutable tree that knows where everything stands.
//
// Twenty bytes a node, one string for all text; aliases share the node they name. It keeps what YAML libraries
// usually throw away: line and column of keys and values, and whether a scalar was plain. Only a plain `true` or
// `false` is a boolean, only a plain `~`, `null` or nothing is null, so `no`, `on` and "true" stay strings.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/problems.h"

namespace proa::config {

enum class NodeKind : std::uint8_t { scalar, sequence, mapping };

class YamlTree;

/// A view of one node; valid while its tree lives and does not move.
class Node {
 public:
  NodeKind kind() const;
  bool is_scalar() const { return kind() == NodeKind::scalar; }
  bool is_sequence() const { return kind() == NodeKind::sequence; }
  bool is_mapping() const { return kind() == NodeKind::mapping; }

  /// Of a scalar: its text without quotes and escapes, always valid UTF-8; else empty.
  std::string_view text() const;
  /// A scalar without quotes, of no block style and no !!str tag: it may be a number, a boolean or null.
  bool plain() const;
  bool is_null() const;
  /// Set for a plain `true` or `false`.
  std::optional<bool> boolean() const;

  /// Items of a sequence, entries of a mapping in the order written (merged `<<` entries last), 0 for a scalar.
  std::size_t size() const;
  Node item(std::size_t i) const;
  Node key(std::size_t i) const;
  Node value(std::size_t i) const;
  std::optional<Node> find(std::string_view key) const;

  /// Of an alias: where the anchored node stands.
  Mark mark() const;
  /// "a list", "a mapping", "a number": for error messages.
  std::string_view described() const;

 private:
  friend class YamlTree;
  Node(const YamlTree* tree, std::uint32_t index) : tree_(tree), index_(index) {}
  const YamlTree* tree_;
  std::uint32_t index_;
};

/// Bounds on what one document may cost. Alias nodes are counted as often as they are used.
struct TreeLimits {
  std::size_t bytes = 256u << 20;
  std::size_t nodes = 8u << 20;
  std::size_t alias_nodes = 100'000;
  std::size_t depth = 64;
};

class YamlTree {
 public:
  Node root() const { return {this, root_}; }
  std::size_t node_count() const { return nodes_.size(); }

 private:
  friend class Node;
  friend class TreeBuilder;
  struct Stored {
    NodeKind kind = NodeKind::scalar;
    bool plain = false;
    std::uint32_t line = 0;
    std::uint32_t column = 0;
    std::uint32_t first = 0;  // of text_ for a scalar, else of children_
    std::uint32_t count = 0;  // bytes, items, or keys and values together
  };
  std::string_view file_;
  std::string text_;
  std::vector<Stored> nodes_;
  std::vector<std::uint32_t> children_;
  std::uint32_t root_ = 0;
};

/// Reads one YAML document (hence JSON too). Adds a problem and returns nothing for a document that is not
/// well-formed, holds a key twice, goes beyond a limit, or is followed by a second one.
std::optional<YamlTree> read_yaml(std::string_view text, std::string_view file, Problems& problems,
                                  const TreeLimits& limits = {});

/// Reads a stream of YAML documents, as Kubernetes' tools write them; empty ones are left out. All or nothing: with
/// one problem anywhere there is no result. `limits` are those of each document, but for the bytes.
std::optional<std::vector<YamlTree>> read_yaml_documents(std::string_view text, std::string_view file,
                                                         Problems& problems, const TreeLimits& limits = {});

/// Reads JSON strictly as RFC 8259 says: no comments, no trailing commas, surrogate pairs allowed.
std::optional<YamlTree> read_json(std::string_view text, std::string_view file, Problems& problems,
                                  const TreeLimits& limits = {});

}  // namespace proa::config
