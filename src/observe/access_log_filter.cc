#include "observe/access_log_filter.h"

#include <algorithm>
#include <optional>

#include "http/grpc_status.h"
#include "observe/metadata.h"

namespace proa::observe {
namespace {

/// A filter made of a function object: each kind below is one expression.
template <class Predicate>
class When final : public AccessLogFilter {
 public:
  explicit When(Predicate predicate) : predicate_(std::move(predicate)) {}
  bool matches(const StreamInfo& info) const override { return predicate_(info); }

 private:
  Predicate predicate_;
};

template <class Predicate>
AccessLogFilterPtr when(Predicate predicate) {
  return std::make_shared<When<Predicate>>(std::move(predicate));
}

bool compare(Comparison op, uint64_t a, uint64_t b) {
  switch (op) {
    case Comparison::kEqual: return a == b;
    case Comparison::kGreaterOrEqual: return a >= b;
    case Comparison::kLessOrEqual: return a <= b;
    case Comparison::kNotEqual: return a != b;
  }
  return false;
}

std::optional<uint32_t> grpc_status_in(const http::HeaderList* headers) {
  if (!headers) return std::nullopt;
  auto status = http::parse_grpc_status(headers->value(http::HeaderId::kGrpcStatus));
  return status ? std::optional(static_cast<uint32_t>(*status)) : std::nullopt;
}

}  // namespace

uint32_t grpc_status_of(const StreamInfo& info) {
  if (auto status = grpc_status_in(info.response_trailers)) return *status;
  if (info.response) {
    if (auto status = grpc_status_in(&info.response->headers)) return *status;
  }
  return static_cast<uint32_t>(http::grpc_status_of_http(info.response_code));
}

AccessLogFilterPtr status_code_filter(Comparison op, uint32_t value) {
  return when([=](const StreamInfo& info) { return compare(op, info.response_code, value); });
}

AccessLogFilterPtr duration_filter(Comparison op, uint64_t milliseconds) {
  return when([=](const StreamInfo& info) {
    auto took = std::chrono::duration_cast<Milliseconds>(info.end - info.start).count();
    return compare(op, took > 0 ? static_cast<uint64_t>(took) : 0, milliseconds);
  });
}

AccessLogFilterPtr not_health_check_filter() {
  return when([](const StreamInfo& info) { return !info.health_check; });
}

AccessLogFilterPtr traceable_filter() {
  return when([](const StreamInfo& info) { return info.sampled; });
}

AccessLogFilterPtr fraction_filter(uint32_t per_million) {
  return when([=](const StreamInfo& info) { return info.random % 1'000'000 < per_million; });
}

AccessLogFilterPtr all_of_filter(std::vector<AccessLogFilterPtr> filters) {
  return when([filters = std::move(filters)](const StreamInfo& info) {
    return std::ranges::all_of(filters, [&](const auto& filter) { return filter->matches(info); });
  });
}

AccessLogFilterPtr any_of_filter(std::vector<AccessLogFilterPtr> filters) {
  return when([filters = std::move(filters)](const StreamInfo& info) {
    return std::ranges::any_of(filters, [&](const auto& filter) { return filter->matches(info); });
  });
}

AccessLogFilterPtr header_filter(http::HeaderMatcher matcher) {
  return when([matcher = std::move(matcher)](const StreamInfo& info) {
    return info.request && matcher.matches(*info.request);
  });
}

AccessLogFilterPtr response_flag_filter(ResponseFlags flags) {
  return when([=](const StreamInfo& info) { return flags.none() ? info.flags.any() : (info.flags & flags).any(); });
}

AccessLogFilterPtr grpc_status_filter(std::vector<uint32_t> statuses, bool exclude) {
  return when([statuses = std::move(statuses), exclude](const StreamInfo& info) {
    return (std::ranges::find(statuses, grpc_status_of(info)) != statuses.end()) != exclude;
  });
}

AccessLogFilterPtr metadata_filter(MetadataMatcher matcher, bool when_missing) {
  return when([matcher = std::move(matcher), when_missing](const StreamInfo& info) {
    const Metadata* metadata = metadata_of(info, matcher.source);
    if (!metadata || !metadata->find(matcher.space, matcher.path)) return when_missing;
    return matcher.matches(info);
  });
}

}  // namespace proa::observe
