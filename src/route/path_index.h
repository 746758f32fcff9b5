// The index over one virtual host's routes: which of them match a path, in list order and only as far as asked.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "route/prefix_trie.h"
#include "route/regex_set.h"
#include "route/route_match.h"

namespace proa::route {

/// Immutable after compile(); used by all workers.
class PathIndex {
 public:
  static constexpr uint32_t kEnd = UINT32_MAX;

  /// Routes are added in list order: 0, 1, ...
  void add(const RouteMatch& match);
  void compile();

  /// The routes whose path condition holds. Lives on the stack of one match; at most one per thread at a time.
  class Candidates {
   public:
    /// `path` is without query and fragment, and empty when the request has none. `connect`: the method is CONNECT.
    Candidates(const PathIndex& index, std::string_view path, bool connect);
    /// The next higher index, or kEnd.
    uint32_t next();

   private:
    struct Cursor {
      const uint32_t* at;
      const uint32_t* end;
    };
    void add(std::span<const uint32_t> list);
    void match_regexes();

    const PathIndex& index_;
    std::string_view path_;
    bool regexes_due_;
    uint32_t count_ = 0;
    std::array<Cursor, 12> cursors_;
    std::vector<Cursor>* more_ = nullptr;  // this thread's, for deeper nests of prefixes
  };

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const;
  };
  struct Keys {
    std::unordered_map<std::string, std::vector<uint32_t>, Hash, std::equal_to<>> exact;
    PrefixTrie prefixes;
    bool empty() const { return exact.empty() && prefixes.empty(); }
  };
  uint32_t size_ = 0;
  Keys keys_;
  Keys folded_keys_;  // of routes that ignore case: in lower case
  RegexSet regexes_;
  std::vector<uint32_t> regex_routes_;  // by the number in regexes_
  std::vector<uint32_t> connect_routes_;
};

}  // namespace proa::route
