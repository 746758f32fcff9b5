#include "route/strict_headers.h"

#include <algorithm>

#include "base/number.h"
#include "route/retry_policy.h"

namespace proa::route {
namespace {

using http::HeaderId;

constexpr uint32_t kGrpcConditions = kRetryGrpcCancelled | kRetryGrpcDeadlineExceeded | kRetryGrpcInternal |
                                     kRetryGrpcResourceExhausted | kRetryGrpcUnavailable;

bool well_formed(const http::Header& header) {
  if (header.id != HeaderId::kXEnvoyRetryOn && header.id != HeaderId::kXEnvoyRetryGrpcOn) {
    return parse_decimal<uint64_t>(header.value).has_value();
  }
  std::string unknown;
  const uint32_t conditions = parse_retry_on(header.value, &unknown);
  const uint32_t foreign = header.id == HeaderId::kXEnvoyRetryOn ? kGrpcConditions : ~kGrpcConditions;
  return unknown.empty() && !(conditions & foreign);
}

}  // namespace

const http::Header* find_malformed(std::span<const HeaderId> names, const http::HeaderList& headers) {
  for (const HeaderId name : names) {
    for (const http::Header& header : headers.all()) {
      if (header.id == name && !well_formed(header)) return &header;
    }
  }
  return nullptr;
}

}  // namespace proa::route
