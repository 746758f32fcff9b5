#include "route/prefix_trie.h"

#include <algorithm>
#include <deque>

namespace proa::route {

void PrefixTrie::add(std::string_view key, uint32_t number, bool whole_segment) {
  if (!draft_) draft_ = std::make_unique<Draft>();
  Draft* node = draft_.get();
  while (!key.empty()) {
    std::unique_ptr<Draft>& link = node->children[key[0]];
    if (!link) {
      link = std::make_unique<Draft>();
      link->label = key;
      node = link.get();
      break;
    }
    size_t shared = std::mismatch(key.begin(), key.end(), link->label.begin(), link->label.end()).first - key.begin();
    if (shared < link->label.size()) {  // a fork in the middle of the label
      auto fork = std::make_unique<Draft>();
      fork->label = link->label.substr(0, shared);
      link->label.erase(0, shared);
      char first = link->label[0];
      fork->children[first] = std::move(link);
      link = std::move(fork);
    }
    node = link.get();
    key.remove_prefix(shared);
  }
  (whole_segment ? node->segments : node->prefixes).push_back(number);
}

PrefixTrie::Range PrefixTrie::store(const std::vector<uint32_t>& numbers) {
  Range range{static_cast<uint32_t>(numbers_.size()), static_cast<uint32_t>(numbers.size())};
  numbers_.insert(numbers_.end(), numbers.begin(), numbers.end());
  return range;
}

void PrefixTrie::compile() {
  if (!draft_) return;
  // Breadth first, so that children become neighbours.
  std::deque<std::pair<std::unique_ptr<Draft>, uint32_t>> queue;
  nodes_.emplace_back();
  first_bytes_ += '\0';
  queue.emplace_back(std::move(draft_), 0);
  while (!queue.empty()) {
    auto [draft, at] = std::move(queue.front());
    queue.pop_front();
    Node node;
    node.label = static_cast<uint32_t>(labels_.size());
    node.label_size = static_cast<uint32_t>(draft->label.size());
    labels_ += draft->label;
    node.prefixes = store(draft->prefixes);
    node.segments = store(draft->segments);
    node.first_child = static_cast<uint32_t>(nodes_.size());
    node.children = static_cast<uint32_t>(draft->children.size());
    nodes_[at] = node;
    for (auto& [byte, child] : draft->children) {
      first_bytes_ += byte;
      queue.emplace_back(std::move(child), static_cast<uint32_t>(nodes_.size()));
      nodes_.emplace_back();
    }
  }
  first_bytes_.append(16, '\0');
}

}  // namespace proa::route
