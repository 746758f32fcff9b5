// An exchange without connections: what filters see of a request whose way is explained (proxy/explain).
#pragma once

#include <cstdlib>
#include <map>
#include <optional>

#include "filters/exchange.h"
#include "filters/filter.h"
#include "net/loop.h"
#include "route/route.h"

namespace proa::proxy {

/// For Filter::foresee() only. Keeps the route that was found, whatever filters change.
class Rehearsal final : public filters::Exchange {
 public:
  Rehearsal(http::RequestHead& head, observe::StreamInfo& info, Arena& arena, net::Loop& loop,
            const route::Route* route)
      : head_(head), info_(info), arena_(arena), loop_(loop), route_(route) {}

  /// What a filter would have answered.
  const std::optional<filters::LocalReply>& reply() const { return reply_; }

  http::RequestHead& request() override { return head_; }
  observe::StreamInfo& info() override { return info_; }
  Arena& arena() override { return arena_; }
  net::Loop& loop() override { return loop_; }
  /// What is foreseen asks nobody.
  upstream::Clusters& clusters() override { std::abort(); }
  const route::Route* route() override { return route_; }
  void clear_route() override {}
  const route::PerFilterConfig* per_filter(const filters::Filter& filter) override {
    return route_ && !route_->per_filter.empty() ? route_->per_filter.find(filter.name()) : nullptr;
  }
  void*& slot(const filters::Filter& filter) override { return slots_[filter.index()]; }
  std::shared_ptr<void>& connection_slot(uint64_t key) override { return of_connection_[key]; }
  void respond(const filters::LocalReply& reply) override { reply_ = reply; }
  void resume() override {}
  void limit_request_buffer(size_t) override {}
  bool request_complete() const override { return true; }
  size_t buffered_request_bytes() const override { return 0; }

 private:
  http::RequestHead& head_;
  observe::StreamInfo& info_;
  Arena& arena_;
  net::Loop& loop_;
  const route::Route* route_;
  std::optional<filters::LocalReply> reply_;
  std::map<uint32_t, void*> slots_;
  std::map<uint64_t, std::shared_ptr<void>> of_connection_;
};

}  // namespace proa::proxy
