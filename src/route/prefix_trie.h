// A radix trie from strings to ascending lists of numbers: which of the stored strings does a text begin with?
#pragma once

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <bit>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace proa::route {

/// Filled with add(), then frozen with compile(): nodes in one array, a child found by its first byte in one comparison
/// of sixteen.
class PrefixTrie {
 public:
  /// `numbers` are added in ascending order. `whole_segment`: the text must end there or go on with "/".
  void add(std::string_view key, uint32_t number, bool whole_segment);
  void compile();

  /// Calls f(std::span<const uint32_t>) for each list on the way down, the shortest key's first.
  template <class F>
  void walk(std::string_view text, F f) const {
    if (nodes_.empty()) return;
    const Node* node = &nodes_[0];
    size_t at = 0;
    for (;;) {
      if (node->prefixes.count) f(list(node->prefixes));
      if (node->segments.count && (at == text.size() || text[at] == '/')) f(list(node->segments));
      if (at == text.size() || !node->children) return;
      const uint32_t child = find_child(*node, text[at]);
      if (child == kNone) return;
      node = &nodes_[child];
      const size_t size = node->label_size;
      // The first byte is known to be equal, and most labels have no other.
      if (text.size() - at < size ||
          (size > 1 && std::memcmp(text.data() + at, labels_.data() + node->label, size) != 0)) {
        return;
      }
      at += size;
    }
  }
  bool empty() const { return nodes_.empty(); }

 private:
  struct Range {
    uint32_t begin = 0;
    uint32_t count = 0;
  };
  struct Node {
    uint32_t label = 0;  // in labels_
    uint32_t label_size = 0;
    uint32_t first_child = 0;  // children are neighbours in nodes_ and first_bytes_
    uint32_t children = 0;
    Range prefixes;
    Range segments;
  };
  struct Draft {  // while it is built
    std::string label;
    std::map<char, std::unique_ptr<Draft>> children;
    std::vector<uint32_t> prefixes;
    std::vector<uint32_t> segments;
  };
  static constexpr uint32_t kNone = UINT32_MAX;

  uint32_t find_child(const Node& node, char byte) const {
    const char* bytes = first_bytes_.data() + node.first_child;
#ifdef __SSE2__
    if (node.children <= 16) [[likely]] {  // compile() pads the array, so that sixteen can always be read
      __m128i all = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes));
      auto equal = static_cast<uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(all, _mm_set1_epi8(byte))));
      equal &= (1U << node.children) - 1;
      return equal ? node.first_child + static_cast<uint32_t>(std::countr_zero(equal)) : kNone;
    }
#endif
    auto* hit = static_cast<const char*>(std::memchr(bytes, byte, node.children));
    return hit ? node.first_child + static_cast<uint32_t>(hit - bytes) : kNone;
  }
  std::span<const uint32_t> list(Range range) const { return {numbers_.data() + range.begin, range.count}; }
  Range store(const std::vector<uint32_t>& numbers);

  std::unique_ptr<Draft> draft_;
  std::vector<Node> nodes_;
  std::string first_bytes_;
  std::string labels_;
  std::vector<uint32_t> numbers_;
};

}  // namespace proa::route
