// Listeners that need no upstream, for the tests of this folder.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "observe/registry.h"
#include "proxy/codec_stats.h"
#include "proxy/http_inspector_stats.h"
#include "proxy/listener_config.h"
#include "proxy/listener_stats.h"
#include "route/route_table.h"

namespace proa::proxy {

/// Makes configurations that count in one set of statistics, as those of successive files do.
class TestListeners {
 public:
  explicit TestListeners(observe::Registry& registry)
      : http_stats_(group(registry, kHttpSchema)),
        codec_stats_(group(registry, kCodecSchema)),
        listener_stats_(group(registry, kListenerSchema)),
        http_inspection_stats_(group(registry, kHttpInspectorSchema)) {}

  /// HTTP by no routes yet.
  std::shared_ptr<ConnectionManager> manager() const {
    auto made = std::make_shared<ConnectionManager>();
    made->stats = http_stats_;
    made->http1_stats = made->http2_stats = codec_stats_;
    return made;
  }
  /// One route for everything.
  static std::shared_ptr<RouteSlot> routes(route::RouteSpec route) {
    route.match.path = route::PathPrefix{"/"};
    route::VirtualHostSpec host;
    host.domains = {"*"};
    host.routes.push_back(std::move(route));
    route::RouteTableSpec table;
    table.virtual_hosts.push_back(std::move(host));
    return std::make_shared<RouteSlot>(*route::RouteTable::make(std::move(table)));
  }
  /// HTTP that answers every request with `text`.
  std::shared_ptr<FilterChain> answering(const std::string& text, uint64_t transport_hash = 1) const {
    route::DirectResponse response;
    response.body = *observe::Formatter::compile(text, observe::FormatTarget::kBody);
    response.empty = false;
    auto chain = std::make_shared<FilterChain>();
    chain->http = manager(std::move(response));
    chain->transport_hash = transport_hash;
    return chain;
  }
  /// HTTP/2 that sends every request to a cluster, without a time limit. `retries`: when the connection is lost.
  std::shared_ptr<FilterChain> forwarding(const std::string& cluster, const http::Http2Options& options,
                                          bool retries) const {
    route::Forward forward;
    forward.target = route::ToCluster{cluster};
    forward.timeout = kNever;
    if (retries) forward.retry.emplace().on = route::kRetryConnectFailure;
    auto http = manager(std::move(forward));
    http->codec_type = CodecType::kHttp2;
    http->http2 = options;
    auto chain = std::make_shared<FilterChain>();
    chain->http = std::move(http);
    return chain;
  }
  static std::shared_ptr<FilterChain> self_served(SelfServed what) {
    auto chain = std::make_shared<FilterChain>();
    chain->self_served = std::make_shared<const SelfServed>(std::move(what));
    return chain;
  }
  /// Of that chain for every connection; on a loopback port that the kernel chooses.
  std::shared_ptr<ListenerConfig> listener(std::shared_ptr<const FilterChain> chain,
                                           const std::string& name = "l") const {
    auto config = std::make_shared<ListenerConfig>();
    config->name = name;
    config->addresses = {net::Address::loopback(net::Address::Family::kIpv4, 0)};
    config->default_chain = std::move(chain);
    config->stats = listener_stats_;
    return config;
  }
  int64_t count(HttpStat stat) const { return http_stats_->value(stat); }
  std::shared_ptr<observe::StatGroup> http_inspection_stats() const { return http_inspection_stats_; }
  int64_t count(ListenerStat stat) const { return listener_stats_->value(stat); }

 private:
  template <class Action>
  std::shared_ptr<ConnectionManager> manager(Action action) const {
    route::RouteSpec route;
    route.action = std::move(action);
    auto made = manager();
    made->routes = routes(std::move(route));
    return made;
  }
  static std::shared_ptr<observe::StatGroup> group(observe::Registry& registry, const observe::StatSchema& schema) {
    return std::make_shared<observe::StatGroup>(registry, schema, observe::StatName{"test", {}});
  }
  std::shared_ptr<observe::StatGroup> http_stats_, codec_stats_, listener_stats_, http_inspection_stats_;
};

}  // namespace proa::proxy
