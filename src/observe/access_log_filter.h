// Which exchanges an access log, or a local-reply mapper, is for. Source: envoy.config.accesslog.v3.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "http/header_matcher.h"
#include "observe/metadata_matcher.h"
#include "observe/stream_info.h"

namespace proa::observe {

enum class Comparison : uint8_t { kEqual, kGreaterOrEqual, kLessOrEqual, kNotEqual };

/// Immutable; any thread.
class AccessLogFilter {
 public:
  virtual ~AccessLogFilter() = default;
  virtual bool matches(const StreamInfo& info) const = 0;
};
using AccessLogFilterPtr = std::shared_ptr<const AccessLogFilter>;

AccessLogFilterPtr status_code_filter(Comparison op, uint32_t value);
AccessLogFilterPtr duration_filter(Comparison op, uint64_t milliseconds);
AccessLogFilterPtr not_health_check_filter();
AccessLogFilterPtr traceable_filter();
/// A share of exchanges, by their stable random number: numerator of 1,000,000.
AccessLogFilterPtr fraction_filter(uint32_t per_million);
AccessLogFilterPtr all_of_filter(std::vector<AccessLogFilterPtr> filters);
AccessLogFilterPtr any_of_filter(std::vector<AccessLogFilterPtr> filters);
AccessLogFilterPtr header_filter(http::HeaderMatcher matcher);
/// Any of these flags; with an empty set, any flag at all.
AccessLogFilterPtr response_flag_filter(ResponseFlags flags);
/// One of these gRPC statuses (or none of them).
AccessLogFilterPtr grpc_status_filter(std::vector<uint32_t> statuses, bool exclude);
/// Dynamic metadata; `when_missing` is the answer where the key is absent.
AccessLogFilterPtr metadata_filter(MetadataMatcher matcher, bool when_missing);

/// The gRPC status of a finished exchange: trailers, then headers, else mapped from the HTTP status.
uint32_t grpc_status_of(const StreamInfo& info);

}  // namespace proa::observe
