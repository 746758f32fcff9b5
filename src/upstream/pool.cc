#include "upstream/pool.h"

#include "upstream/http_pool.h"

namespace proa::upstream {

std::string_view to_string(PoolFailure failure) {
  switch (failure) {
    case PoolFailure::kOverflow:
    case PoolFailure::kPendingOverflow: return "overflow";
    case PoolFailure::kConnectFailure: return "connection_failure";
    case PoolFailure::kTimeout: return "connection_timeout";
    case PoolFailure::kTlsFailure: return "tls_failure";
  }
  return "";
}

UpstreamProtocol pool_protocol(const HttpSpec& spec, http::Version downstream) {
  if (spec.protocol != UpstreamProtocol::kUseDownstream) return spec.protocol;
  return downstream == http::Version::kHttp2 ? UpstreamProtocol::kHttp2 : UpstreamProtocol::kHttp1;
}

void PoolWaiter::cancel() {
  if (pool_) pool_->remove_waiter(*this);
}

bool may_replay(http::ResetReason reason, bool reused_connection, bool response_started, http::Method method) {
  if (response_started) return false;
  if (reason == http::ResetReason::kRemoteRefused) return true;
  if (reason != http::ResetReason::kConnectionClosed || !reused_connection) return false;
  switch (method) {  // RFC 9110 section 9.2.2
    case http::Method::kGet:
    case http::Method::kHead:
    case http::Method::kPut:
    case http::Method::kDelete:
    case http::Method::kOptions:
    case http::Method::kTrace: return true;
    default: return false;
  }
}

}  // namespace proa::upstream
