// A redirect that is followed inside the proxy: the exchange ends, as far as logs and counters go, and a successor
// serves the client's stream from the start. The codec knows the first one only, which hands events on.
#include "http/copy_head.h"
#include "http/uri.h"
#include "proxy/downstream_connection.h"
#include "proxy/exchange.h"
#include "upstream/worker_cluster.h"

namespace proa::proxy {

using http::HeaderId;
using route::RedirectVerdict;
using upstream::ClusterStat;

namespace {

HttpStat passed_through(RedirectVerdict verdict) {
  switch (verdict) {
    case RedirectVerdict::kUnsafeScheme: return HttpStat::kPassthroughRedirectUnsafeScheme;
    case RedirectVerdict::kTooMany: return HttpStat::kPassthroughRedirectTooMany;
    case RedirectVerdict::kFollow:
    case RedirectVerdict::kPredicate: break;
  }
  return HttpStat::kPassthroughRedirectPredicate;
}

void copy_response_headers(const std::vector<std::string>& names, const http::HeaderList& from, http::HeaderList& to) {
  for (const std::string& name : names) {
    to.remove(name);
    for (const http::Header& header : from.all()) {
      if (header.name == name) to.add(to.arena().copy(header.name), to.arena().copy(header.value));
    }
  }
}

}  // namespace

/// True when a successor has taken the stream over; this exchange is then finished.
bool Exchange::follow_redirect() {
  const http::ResponseHead& response = *attempt_->response();
  if (!forward_->internal_redirect.covers(response.status)) return false;
  Exchange* next = make_successor(response);
  cluster_->stats().add(next ? ClusterStat::kInternalRedirectSucceededTotal
                             : ClusterStat::kInternalRedirectFailedTotal);
  if (!next) return false;
  info_.response = &response;
  info_.response_code = response.status;
  info_.response_code_details = "internal_redirect";
  successor_ = next;
  down_ = nullptr;
  finish();
  next->serve();
  return true;
}

/// What the client really speaks with us: an answer from https is not for a connection in clear text.
std::string_view Exchange::spoken_scheme() const {
  return request_.scheme == "https" && info_.downstream->tls ? "https" : "http";
}

bool Exchange::may_redirect(const http::ResponseHead& response, const std::optional<route::RedirectTarget>& target) {
  // A request under way cannot be sent again, nor one whose body was too large to keep.
  if (!request_end_ || !body_complete_for_replay() || !request_.protocol.empty()) return false;
  if (!response.headers.has(HeaderId::kLocation)) return false;
  if (!target) {
    manager_->stats->add(HttpStat::kPassthroughRedirectBadLocation);
    return false;
  }
  if (!redirects_) redirects_ = arena_->make<route::RedirectHistory>();
  const RedirectVerdict verdict =
      route::judge_redirect(forward_->internal_redirect, *redirects_, spoken_scheme(), *target);
  if (verdict != RedirectVerdict::kFollow) manager_->stats->add(passed_through(verdict));
  return verdict == RedirectVerdict::kFollow;
}

/// Null when the client has to look at the response itself.
Exchange* Exchange::make_successor(const http::ResponseHead& response) {
  const auto target = route::redirect_target(response.headers.value(HeaderId::kLocation));
  if (!may_redirect(response, target)) return nullptr;
  const route::InternalRedirect& policy = forward_->internal_redirect;
  auto memory = std::make_unique<Arena>();
  http::RequestHead& head = http::copy_head(request_, *memory);
  copy_response_headers(policy.response_headers_to_copy, response.headers, head.headers);
  head.scheme = target->scheme;
  head.authority = memory->copy(target->authority);
  head.path = memory->copy(target->path);
  const route::Route* route = routes_->match({.request = head,
                                              .host = http::canonical_authority(head.authority, {}, *memory),
                                              .info = info_,
                                              .random = info_.random,
                                              .runtime = connection_.runtime()});
  if (!route) {
    manager_->stats->add(HttpStat::kPassthroughRedirectNoRoute);
    return nullptr;
  }
  const RedirectVerdict verdict =
      route::judge_route(policy, *redirects_, spoken_scheme(), *target, route_->name, route->name);
  if (verdict != RedirectVerdict::kFollow) {
    manager_->stats->add(passed_through(verdict));
    return nullptr;
  }
  head.headers.set("x-envoy-original-url", memory->concat(spoken_scheme(), "://", request_.authority, request_.path));
  if (response.status == 303 && head.method_id != http::Method::kGet && head.method_id != http::Method::kHead) {
    // RFC 9110 section 15.4.4: the answer to what was done is fetched.
    head.method = "GET";
    head.method_id = http::Method::kGet;
    head.headers.remove(HeaderId::kContentLength);
    body_.clear();
    request_trailers_ = nullptr;
  }
  ++redirects_->followed;
  Arena& arena = *memory;
  Exchange* next = arena.make<Exchange>(connection_, *down_, head, /*end=*/true);
  next->arena_ = std::move(memory);
  next->inherit(*this);
  return next;
}

/// What stays the same for the client's request. `before` lives as long as this.
void Exchange::inherit(Exchange& before) {
  body_ = std::move(before.body_);
  request_trailers_ = before.request_trailers_;
  redirects_ = before.redirects_;
  client_address_ = before.client_address_;
  info_.remote_address = &client_address_;
  info_.internal_request = before.info_.internal_request;
  info_.request_id = before.info_.request_id;
  info_.bytes_received = body_.size();
}

}  // namespace proa::proxy
