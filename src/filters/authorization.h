// What an authorization service is asked about a request, and what it answers: over gRPC
// (envoy.service.auth.v3.Authorization) or as an HTTP request of the same kind.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "http/string_matcher.h"
#include "net/loop.h"
#include "observe/stream_info.h"

namespace proa::upstream {
class Clusters;
}

namespace proa::filters {

using HeaderPairs = std::vector<std::pair<std::string, std::string>>;

/// One of `matchers` fits the name. Names are lower case.
bool any_fits(const std::vector<http::StringMatcher>& matchers, std::string_view name);

struct AuthorizationAnswer {
  enum class What : uint8_t { kOk, kDenied, kError };
  What what = What::kError;
  uint16_t status = 403;  ///< of a denial
  std::string body;       ///< likewise
  // For the request, when it is allowed.
  HeaderPairs set, append;
  std::vector<std::string> remove;
  // For the response: to what was allowed, or of the denial.
  HeaderPairs response_set, response_append;
};

/// The service as it is configured. Immutable, shared by all workers.
struct AuthorizationService {
  std::string cluster;
  Milliseconds timeout{200};
  bool grpc = false;
  std::string authority;     ///< of a gRPC service; empty: the cluster's name
  HeaderPairs more_headers;  ///< initial metadata, or headers_to_add
  std::string path_prefix;   ///< of an HTTP service
  /// Which of the request's headers it is told; empty: all (gRPC) or those that it needs (HTTP).
  std::vector<http::StringMatcher> allowed, disallowed;
  bool include_certificate = false;
  // Of an HTTP service's answer.
  std::vector<http::StringMatcher> upstream_headers, upstream_headers_appended;
  std::vector<http::StringMatcher> client_headers;  ///< of a denial; empty: all
  std::vector<http::StringMatcher> client_headers_on_success;
};

/// A question under way. On its worker's thread. Destroying it cancels.
class AuthorizationCall : public net::Deferred {
 public:
  using Done = std::function<void(AuthorizationAnswer)>;
  /// `done` may come within the call, and not destroy this.
  virtual void start(const observe::StreamInfo& info, const HeaderPairs& context, Done done) = 0;
  /// It took too long, and is about to be destroyed.
  virtual void on_timeout() {}
};
/// `service` outlives the call. Keeping the time-out is the caller's.
std::unique_ptr<AuthorizationCall> make_authorization_call(const AuthorizationService& service,
                                                           upstream::Clusters& clusters);

/// A serialized CheckRequest about the exchange; about its connection alone where there is no request.
std::string check_request(const AuthorizationService& service, const observe::StreamInfo& info,
                          const HeaderPairs& context);
/// From a serialized CheckResponse; kError where it cannot be read to its end.
AuthorizationAnswer read_check_response(std::string_view bytes);
/// From the response of an HTTP service.
AuthorizationAnswer read_http_answer(const AuthorizationService& service, uint16_t status,
                                     const http::HeaderList& headers, std::string_view body);

}  // namespace proa::filters
