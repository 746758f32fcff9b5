// Rate-limit descriptors of a route: which facts of a request are counted together.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "http/header_matcher.h"
#include "observe/formatter.h"
#include "observe/metadata_matcher.h"
#include "observe/stream_info.h"
#include "route/route_match.h"

namespace proa::route {

/// One entry of a descriptor. When it has no value, the whole descriptor is dropped, unless it says otherwise.
namespace limit {
struct SourceCluster {};
struct DestinationCluster {};
struct RemoteAddress {};
struct MaskedRemoteAddress {
  uint8_t v4_bits = 32;
  uint8_t v6_bits = 128;
};
struct RequestHeader {
  std::string header;  ///< lower case, or pseudo
  std::string key;
  bool skip_if_absent = false;
};
struct QueryParameter {
  std::string parameter;
  std::string key;
  bool skip_if_absent = false;
};
struct GenericKey {
  std::string key = "generic_key";
  observe::Formatter value;
  std::string default_value;
};
struct HeaderValueMatch {
  std::string key = "header_match";
  observe::Formatter value;
  bool expect_match = true;
  std::vector<http::HeaderMatcher> headers;
  std::string default_value;
};
struct QueryValueMatch {
  std::string key = "query_match";
  observe::Formatter value;
  bool expect_match = true;
  std::vector<QueryParameterMatch> parameters;
  std::string default_value;
};
struct MetadataValue {
  std::string key;
  observe::MetadataSource source = observe::MetadataSource::kDynamic;
  std::string space;
  std::vector<std::string> path;
  std::string default_value;
  bool skip_if_absent = false;
};
}  // namespace limit

using LimitAction =
    std::variant<limit::SourceCluster, limit::DestinationCluster, limit::RemoteAddress, limit::MaskedRemoteAddress,
                 limit::RequestHeader, limit::QueryParameter, limit::GenericKey, limit::HeaderValueMatch,
                 limit::QueryValueMatch, limit::MetadataValue>;

struct RateLimit {
  uint32_t stage = 0;
  std::string disable_key;  ///< runtime key: percent of requests that are limited
  std::vector<LimitAction> actions;
  std::optional<observe::Formatter> hits_addend;  ///< formats to a number
  uint32_t fixed_hits_addend = 1;
  bool apply_on_stream_done = false;
};

struct Descriptor {
  std::vector<std::pair<std::string, std::string>> entries;
  uint32_t hits_addend = 1;
  bool operator==(const Descriptor&) const = default;
};

/// The descriptors of one stage, in order. `service_cluster`: of the bootstrap's node (source_cluster).
std::vector<Descriptor> descriptors(const std::vector<RateLimit>& limits, uint32_t stage, const MatchInput& input,
                                    std::string_view cluster, std::string_view service_cluster,
                                    bool on_stream_done = false);

}  // namespace proa::route
