// The generic matcher tree (xds.type.matcher.v3.Matcher): facts of an exchange -> an action. RBAC, composite filters
// and virtual hosts can be configured with it.
//
//   list   the first entry whose predicate holds
//   exact  a map by the whole value of one input
//   prefix a map by the longest key that the value begins with
//   range  a map by the longest CIDR range that the address is in
// Each leads to an action or a further matcher; where that finds nothing, on_no_match is taken.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "http/string_matcher.h"
#include "net/address.h"
#include "observe/metadata_matcher.h"
#include "observe/stream_info.h"
#include "route/prefix_trie.h"

namespace proa::route {

/// What a matcher decides; the user of the tree derives from it.
struct MatchAction {
  virtual ~MatchAction() = default;
};

/// Where a value comes from (the extensions envoy.matching.inputs.*).
struct MatchSource {
  enum class From : uint8_t {
    kRequestHeader,
    kResponseHeader,
    kResponseTrailer,
    kQueryParameter,
    kPath,
    kDestinationIp,
    kDestinationPort,
    kSourceIp,
    kSourcePort,
    kDirectSourceIp,
    kServerName,
    kTransportProtocol,
    kApplicationProtocol,
    kUriSan,
    kDnsSan,
    kSubject,
    kFilterState,
    kDynamicMetadata
  };
  From from = From::kRequestHeader;
  std::string name;               ///< of a header (lower case), parameter, filter state or metadata namespace
  std::vector<std::string> path;  ///< of metadata
};

/// The value, or nullopt when the exchange has none.
std::optional<std::string> match_value(const MatchSource& source, const observe::StreamInfo& info);

struct MatchPredicate {
  struct Single {
    MatchSource source;
    http::StringMatcher value;
  };
  struct InRange {
    MatchSource source;
    std::vector<net::CidrRange> ranges;
    bool invert = false;
  };
  struct Metadata {
    observe::MetadataMatcher matcher;
  };
  struct All {
    std::vector<MatchPredicate> predicates;
  };
  struct Any {
    std::vector<MatchPredicate> predicates;
  };
  struct Not {
    std::shared_ptr<const MatchPredicate> predicate;
  };
  std::variant<Single, InRange, Metadata, All, Any, Not> what;

  bool holds(const observe::StreamInfo& info) const;
};

class MatcherTree;

/// One of the two is set.
struct OnMatch {
  std::shared_ptr<const MatchAction> action;
  std::shared_ptr<const MatcherTree> matcher;
  bool keep_matching = false;  ///< take the action (see match()), and go on as if nothing had matched
};

/// Immutable once built; used by all workers.
class MatcherTree {
 public:
  struct List {
    std::vector<std::pair<MatchPredicate, OnMatch>> entries;
  };
  struct ExactMap {
    MatchSource source;
    std::map<std::string, OnMatch, std::less<>> entries;
  };
  struct PrefixMap {
    MatchSource source;
    std::vector<std::pair<std::string, OnMatch>> entries;
  };
  struct RangeMap {
    MatchSource source;
    std::vector<std::pair<net::CidrRange, OnMatch>> entries;
  };
  using Kind = std::variant<List, ExactMap, PrefixMap, RangeMap>;

  /// Fails for a tree deeper than 16, and for an OnMatch with neither or both set.
  static Result<std::shared_ptr<const MatcherTree>> make(Kind kind, std::optional<OnMatch> on_no_match);

  /// The action, or null. `kept` is told the actions of entries with keep_matching, in order.
  const MatchAction* match(const observe::StreamInfo& info,
                           const std::function<void(const MatchAction&)>& kept = nullptr) const;

 private:
  MatcherTree() = default;
  const MatchAction* find(const observe::StreamInfo& info, const std::function<void(const MatchAction&)>& kept) const;

  Kind kind_;
  PrefixTrie prefixes_;             // of a PrefixMap: numbers of its entries
  net::CidrTrie<uint32_t> ranges_;  // of a RangeMap: likewise
  std::optional<OnMatch> on_no_match_;
  int depth_ = 1;
};

}  // namespace proa::route
