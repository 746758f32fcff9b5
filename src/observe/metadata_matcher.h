// Envoy's ValueMatcher and MetadataMatcher: conditions on metadata and filter state.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <variant>
#include <vector>

#include "http/string_matcher.h"
#include "observe/stream_info.h"

namespace proa::observe {

/// Immutable. A missing value (nullptr) matches only Null and Present{false}.
struct ValueMatcher {
  struct Null {};
  struct Present {
    bool wanted = true;
  };
  struct Number {
    double begin = 0, end = 0;  ///< [begin, end); exact when begin == end
  };
  struct OneOf {  ///< the value is a list one element of which matches
    std::shared_ptr<const ValueMatcher> element;
  };
  struct AnyOf {
    std::vector<ValueMatcher> matchers;
  };
  std::variant<Null, Present, bool, Number, http::StringMatcher, OneOf, AnyOf> match;

  bool matches(const nlohmann::json* value) const;
};

/// Where the metadata is taken from.
enum class MetadataSource : uint8_t { kDynamic, kRoute, kCluster, kHost, kFilterState };

struct MetadataMatcher {
  MetadataSource source = MetadataSource::kDynamic;
  std::string space;              ///< "envoy.filters.http.jwt_authn"; of kFilterState: the object's key
  std::vector<std::string> path;  ///< keys below; of kFilterState usually empty
  ValueMatcher value;
  bool invert = false;

  bool matches(const StreamInfo& info) const;
  std::string describe() const;
};

/// The metadata of that source; may be null.
const Metadata* metadata_of(const StreamInfo& info, MetadataSource source);

}  // namespace proa::observe
