// An exchange without connections, for the tests of filters: it remembers what a filter asked for.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "filters/chain.h"
#include "filters/exchange.h"
#include "net/test_loop.h"
#include "route/route.h"

namespace proa::filters {

/// Only in tests. One filter, one request at a time.
class FakeExchange final : public Exchange {
 public:
  explicit FakeExchange(std::unique_ptr<Filter> filter) {
    chain_.add("under.test", std::move(filter), false);
    head.method = "GET";
    head.method_id = http::Method::kGet;
    head.path = "/";
    head.authority = "shop.test";
    stream_info.request = &head;
  }

  const Filter& filter() const { return *chain_.filters()[0]; }
  Verdict request_head(bool end = true) { return filter().on_request(*this, end); }
  void response_head(http::ResponseHead& response) { filter().on_response(*this, response, true); }
  std::string response_header(std::string_view name) {
    http::ResponseHead response(memory);
    response_head(response);
    const http::Header* found = response.headers.find(name);
    return found ? std::string(found->value) : "(none)";
  }

  // Exchange
  http::RequestHead& request() override { return head; }
  observe::StreamInfo& info() override { return stream_info; }
  Arena& arena() override { return memory; }
  net::Loop& loop() override { return *test_loop; }
  upstream::Clusters& clusters() override { return *all_clusters; }
  const route::Route* route() override { return matched; }
  void clear_route() override { route_cleared = true; }
  const route::PerFilterConfig* per_filter(const Filter&) override { return of_route; }
  void*& slot(const Filter&) override { return slot_; }
  std::shared_ptr<void>& connection_slot(uint64_t key) override { return of_connection[key]; }
  void respond(const LocalReply& made) override { reply = made; }
  void resume() override { ++resumed; }
  void limit_request_buffer(size_t bytes) override { buffer_limit = bytes; }
  bool request_complete() const override { return true; }
  size_t buffered_request_bytes() const override { return buffered; }

  Arena memory;
  net::TestLoop test_loop;
  http::RequestHead head{memory};
  observe::StreamInfo stream_info;
  upstream::Clusters* all_clusters = nullptr;
  const route::Route* matched = nullptr;
  const route::PerFilterConfig* of_route = nullptr;
  size_t buffered = 0;
  std::map<uint64_t, std::shared_ptr<void>> of_connection;  ///< clear() stands for a new connection

  std::optional<LocalReply> reply;
  std::optional<size_t> buffer_limit;
  int resumed = 0;
  bool route_cleared = false;

 private:
  Chain chain_;
  void* slot_ = nullptr;
};

}  // namespace proa::filters
