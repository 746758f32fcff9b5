#include "config/tree_builder.h"

#include <fmt/format.h>

#include <algorithm>

namespace proa::config {

TreeBuilder::TreeBuilder(std::string_view file, Problems& problems, const TreeLimits& limits)
    : problems_(&problems), limits_(limits) {
  tree_.file_ = interned_file(file);
}

void TreeBuilder::error(Place at, std::string what, std::string fix) {
  wrong_ = true;
  problems_->error({tree_.file_, static_cast<std::uint32_t>(at.line), static_cast<std::uint32_t>(at.column)}, {},
                   std::move(what), std::move(fix));
}

void TreeBuilder::fail(Place at, std::string what, std::string fix) {
  if (failed_) return;
  failed_ = true;
  error(at, std::move(what), std::move(fix));
}

bool TreeBuilder::count(std::size_t nodes, std::size_t height, Place at) {
  if (failed_) return false;
  nodes_ += nodes;
  if (nodes_ > limits_.nodes) {
    fail(at, fmt::format("the document has more than {} values", limits_.nodes));
  } else if (frames_.size() + height > limits_.depth) {
    fail(at, fmt::format("is nested more than {} levels deep", limits_.depth));
  }
  return !failed_;
}

std::uint32_t TreeBuilder::store(NodeKind kind, bool plain, Place at) {
  tree_.nodes_.push_back({kind, plain, static_cast<std::uint32_t>(at.line), static_cast<std::uint32_t>(at.column)});
  return static_cast<std::uint32_t>(tree_.nodes_.size() - 1);
}

void TreeBuilder::attach(std::uint32_t node, std::size_t weight, std::size_t height) {
  if (frames_.empty()) {
    tree_.root_ = node;
    rooted_ = true;
    return;
  }
  frames_.back().weight += weight;
  frames_.back().height = std::max(frames_.back().height, height + 1);
  pending_.push_back(node);
}

void TreeBuilder::remember(std::string_view anchor, const Anchored& what) {
  if (!anchor.empty()) anchors_[std::string(anchor)] = what;
}

void TreeBuilder::scalar(std::string_view text, bool plain, Place at, std::string_view anchor) {
  if (!count(1, 0, at)) return;
  const std::uint32_t node = store(NodeKind::scalar, plain, at);
  tree_.nodes_[node].first = static_cast<std::uint32_t>(tree_.text_.size());
  tree_.nodes_[node].count = static_cast<std::uint32_t>(text.size());
  tree_.text_ += text;
  remember(anchor, {node, 1, 0, false});
  attach(node, 1, 0);
}

void TreeBuilder::begin(NodeKind kind, Place at, std::string_view anchor) {
  if (!count(1, 1, at)) return;
  const std::uint32_t node = store(kind, false, at);
  remember(anchor, {node, 0, 0, true});
  frames_.push_back({node, pending_.size(), 1, 1, std::string(anchor)});
}

void TreeBuilder::end() {
  if (failed_ || frames_.empty()) return;
  const Frame frame = std::move(frames_.back());
  frames_.pop_back();
  if (tree_.nodes_[frame.node].kind == NodeKind::mapping) {
    close_mapping(frame);
  } else {
    YamlTree::Stored& stored = tree_.nodes_[frame.node];
    stored.first = static_cast<std::uint32_t>(tree_.children_.size());
    stored.count = static_cast<std::uint32_t>(pending_.size() - frame.first_pending);
    tree_.children_.insert(tree_.children_.end(), pending_.begin() + static_cast<std::ptrdiff_t>(frame.first_pending),
                           pending_.end());
  }
  pending_.resize(frame.first_pending);
  remember(frame.anchor, {frame.node, frame.weight, frame.height, false});
  attach(frame.node, frame.weight, frame.height);
}

void TreeBuilder::alias(std::string_view name, Place at) {
  if (failed_) return;
  const auto found = anchors_.find(std::string(name));
  if (found == anchors_.end()) {
    return fail(at, fmt::format("alias *{} has no anchor &{} before it", name, name),
                "a plain value that begins with '*' needs quotes");
  }
  if (found->second.open) return fail(at, fmt::format("alias *{} is inside of its own anchor &{}", name, name));
  alias_nodes_ += found->second.weight;
  if (alias_nodes_ > limits_.alias_nodes) {
    return fail(at, fmt::format("aliases expand to more than {} values", limits_.alias_nodes),
                "write the values out, or use fewer aliases of aliases");
  }
  if (!count(found->second.weight, found->second.height, at)) return;
  attach(found->second.node, found->second.weight, found->second.height);
}

std::string_view TreeBuilder::text(std::uint32_t node) const {
  const YamlTree::Stored& stored = tree_.nodes_[node];
  return std::string_view(tree_.text_).substr(stored.first, stored.count);
}

bool TreeBuilder::check_key(std::uint32_t key) {
  if (tree_.nodes_[key].kind == NodeKind::scalar) return true;
  error(place(key), "a key must be a plain word, not a list or a mapping",
        "a value that begins with '[' or '{' needs quotes");
  return false;
}

/// The node of the same key that was there before; otherwise `key` is noted.
std::optional<std::uint32_t> TreeBuilder::earlier(Keys& seen, std::uint32_t key) const {
  constexpr std::size_t kFew = 16;  // most mappings: comparing is cheaper than hashing
  if (seen.few.size() < kFew) {
    for (const std::uint32_t other : seen.few) {
      if (text(other) == text(key)) return other;
    }
    seen.few.push_back(key);
    return std::nullopt;
  }
  if (seen.many.empty()) {
    for (const std::uint32_t other : seen.few) seen.many.emplace(text(other), other);
  }
  const auto [place, fresh] = seen.many.emplace(text(key), key);
  return fresh ? std::nullopt : std::optional(place->second);
}

/// Adds the entries of a mapping (or of each of a list of mappings) named by `<<` that are not there yet.
void TreeBuilder::merge(std::uint32_t source, const YamlTree::Stored& target, std::vector<std::uint32_t>& entries,
                        Keys& seen) {
  const YamlTree::Stored from = tree_.nodes_[source];
  if (from.kind == NodeKind::sequence && target.kind == NodeKind::mapping) {
    for (std::uint32_t i = 0; i < from.count; ++i) merge(tree_.children_[from.first + i], from, entries, seen);
    return;
  }
  if (from.kind != NodeKind::mapping) {
    return error({from.line, from.column}, "'<<' must be followed by an alias of a mapping, or a list of such aliases",
                 "for a key that really is '<<', quote it");
  }
  for (std::uint32_t i = 0; i < from.count; i += 2) {
    const std::uint32_t key = tree_.children_[from.first + i];
    if (earlier(seen, key)) continue;
    entries.push_back(key);
    entries.push_back(tree_.children_[from.first + i + 1]);
  }
}

void TreeBuilder::close_mapping(const Frame& frame) {
  std::vector<std::uint32_t> entries;
  std::vector<std::uint32_t> merged;
  Keys seen;
  for (std::size_t i = frame.first_pending; i + 1 < pending_.size(); i += 2) {
    const std::uint32_t key = pending_[i];
    if (!check_key(key)) continue;
    if (tree_.nodes_[key].plain && text(key) == "<<") {
      merged.push_back(pending_[i + 1]);
      continue;
    }
    if (const auto before = earlier(seen, key)) {
      error(place(key), fmt::format("key {} is already in line {}", shown(text(key)), tree_.nodes_[*before].line),
            "keep one of the two");
      continue;
    }
    entries.push_back(key);
    entries.push_back(pending_[i + 1]);
  }
  const YamlTree::Stored target = tree_.nodes_[frame.node];
  for (const std::uint32_t source : merged) merge(source, target, entries, seen);
  YamlTree::Stored& stored = tree_.nodes_[frame.node];
  stored.first = static_cast<std::uint32_t>(tree_.children_.size());
  stored.count = static_cast<std::uint32_t>(entries.size());
  tree_.children_.insert(tree_.children_.end(), entries.begin(), entries.end());
}

std::optional<YamlTree> TreeBuilder::finish() {
  if (!rooted_ && !failed_) scalar("", true, {1, 1});  // an empty document is null
  if (failed_ || wrong_ || !frames_.empty()) return std::nullopt;
  tree_.text_.shrink_to_fit();
  tree_.nodes_.shrink_to_fit();
  tree_.children_.shrink_to_fit();
  return std::move(tree_);
}

}  // namespace proa::config
