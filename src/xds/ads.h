// What the two kinds of stream have in common: types in the order of their first subscription, acknowledgements before
// anything else, the node, the rate limit. One stream carries any number of types.
//
// Type is SotwType or DeltaType:
//   Type(std::string type_url, Observer&)
//   Request, Response                             the protobuf messages
//   Holdings& holdings()
//   void subscribe(name, options, now), unsubscribe(name), stream_opened()
//   bool request_due() const                      there is something to say beside acknowledgements
//   Request request(const Ack*, now)              without the node
//   std::optional<Ack> take(response, now, wall)  no Ack: nothing to acknowledge
#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "filters/token_bucket.h"
#include "xds/holdings.h"
#include "xds/protocol.h"
#include "xds/refusal.h"

namespace proa::xds {

/// One response that wants an answer.
struct Ack {
  std::string nonce;
  std::string error;     ///< empty: accepted
  Milliseconds wait{0};  ///< before it is sent
};

/// As google.rpc.Status; INTERNAL is Envoy's code.
template <class Request>
void set_error(const std::string& error, Request& request) {
  request.mutable_error_detail()->set_code(13);
  request.mutable_error_detail()->set_message(refusal_text(error));
}

/// A server sends a time to live, and the envelope that carries it, only to who knows them.
inline void add_features(envoy::config::core::v3::Node& node) {
  for (const char* feature : {"xds.config.supports-resource-ttl", "xds.config.supports-resource-in-sotw"}) {
    if (std::ranges::count(node.client_features(), feature) == 0) node.add_client_features(feature);
  }
}

template <class Type>
class Ads final : public Protocol {
 public:
  Ads(ProtocolOptions options, Observer& observer) : options_(std::move(options)), observer_(observer) {
    add_features(options_.node);
    if (!options_.rate_limit) return;
    const std::chrono::duration<double> interval(1 / options_.rate_limit->fill_rate);
    tokens_ = std::make_unique<filters::TokenBucket>(options_.rate_limit->max_tokens, 1,
                                                     std::chrono::ceil<Duration>(interval));
  }

  void subscribe(std::string_view type_url, std::string_view name, const SubscribeOptions& options,
                 MonoTime now) override {
    make(type_url).type.subscribe(name, options, now);
  }
  void unsubscribe(std::string_view type_url, std::string_view name) override {
    if (Entry* entry = find(type_url)) entry->type.unsubscribe(name);
  }
  void pause(std::string_view type_url) override { ++make(type_url).pauses; }
  void resume(std::string_view type_url) override {
    Entry& entry = make(type_url);
    if (entry.pauses > 0) --entry.pauses;
  }
  std::optional<Held> held(std::string_view type_url, std::string_view name) const override {
    const Entry* entry = find(type_url);
    return entry ? entry->type.holdings().held(name) : std::nullopt;
  }
  void for_each_held(std::string_view type_url,
                     const std::function<void(std::string_view name, const Held&)>& visit) const override {
    if (const Entry* entry = find(type_url)) entry->type.holdings().for_each_held(visit);
  }

  SavedResources save() const override {
    SavedResources out;
    for (const auto& entry : types_) {
      entry->type.holdings().for_each_held([&](std::string_view name, const Held& held) {
        if (!held.lasting) return;
        auto& resource = *out.add_resources();
        resource.set_name(std::string(name));
        resource.set_version(held.version);
        *resource.mutable_resource() = held.body;
      });
    }
    return out;
  }
  void offer_saved(const SavedResources& saved) override {
    for (const auto& resource : saved.resources()) {
      *saved_[resource.resource().type_url()].add_resources() = resource;
    }
  }
  bool bring_saved(MonoTime now, WallTime wall) override {
    bool brought = false;
    busy_ = true;
    for (size_t i = 0; i < types_.size(); ++i) {  // it may grow
      Holdings& holdings = types_[i]->type.holdings();
      auto saved = saved_.find(holdings.type_url());
      brought = (saved != saved_.end() && holdings.take_saved(saved->second, now, wall)) || brought;
    }
    busy_ = false;
    return brought;
  }

  void stream_opened() override {
    open_ = true;
    node_sent_ = false;
    for (auto& entry : types_) entry->type.stream_opened();
  }
  void stream_closed() override {
    open_ = false;
    acks_.clear();  // a nonce means nothing on the next stream
    for (auto& entry : types_) {
      entry->type.holdings().disconnected();
      entry->type.holdings().failed();
    }
  }
  Status receive(std::string_view bytes, MonoTime now, WallTime wall) override {
    typename Type::Response response;
    if (!response.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
      return fail("a message of the control plane is no discovery response");
    }
    Entry* entry = find(response.type_url());
    if (!entry) {
      log::get("xds").warn("a response of type '{}', to which nobody has subscribed, is ignored", response.type_url());
      return {};
    }
    saved_.erase(response.type_url());
    busy_ = true;
    std::optional<Ack> ack = entry->type.take(response, now, wall);
    busy_ = false;
    if (!ack) return {};
    if (!ack->error.empty()) log::get("xds").warn("{} refused: {}", response.type_url(), refusal_text(ack->error));
    acks_.push_back({entry, std::move(*ack), now + ack->wait});
    return {};
  }

  std::optional<std::string> next_request(MonoTime now) override {
    wake_ = kNoDeadline;
    if (!open_ || busy_) return std::nullopt;
    auto ack = std::ranges::find_if(acks_, [&](const Pending& p) { return p.entry->pauses == 0 && p.due <= now; });
    Entry* speaker = nullptr;
    if (ack == acks_.end()) {
      auto due = std::ranges::find_if(types_, [](const auto& entry) { return entry->wants_to_speak(); });
      if (due == types_.end()) {
        for (const Pending& pending : acks_) {
          if (pending.entry->pauses == 0) wake_ = std::min(wake_, pending.due);
        }
        return std::nullopt;
      }
      speaker = due->get();
      // A request with the newest nonce answers the response: an answer that waits must not come after it.
      ack = std::ranges::find_if(acks_, [&](const Pending& p) { return p.entry == speaker; });
    }
    if (tokens_ && !tokens_->take(now)) {
      ++times_limited_;
      wake_ = now + tokens_->until_fill(now);
      return std::nullopt;
    }
    if (ack == acks_.end()) return serialized(speaker->type.request(nullptr, now));
    Pending pending = std::move(*ack);
    acks_.erase(ack);
    return serialized(pending.entry->type.request(&pending.ack, now));
  }
  size_t pending_requests() const override {
    if (!open_) return 0;
    return acks_.size() + static_cast<size_t>(std::ranges::count_if(
                              types_, [](const auto& entry) { return entry->type.request_due(); }));
  }
  uint64_t times_limited() const override { return times_limited_; }

  MonoTime next_deadline() const override {
    MonoTime first = wake_;
    for (const auto& entry : types_) first = std::min(first, entry->type.holdings().next_deadline());
    return first;
  }
  void on_time(MonoTime now) override {
    if (wake_ <= now) wake_ = kNoDeadline;
    for (size_t i = 0; i < types_.size(); ++i) types_[i]->type.holdings().on_time(now);  // it may grow
  }

 private:
  struct Entry {
    Entry(std::string_view type_url, Observer& observer) : type(std::string(type_url), observer) {}
    bool wants_to_speak() const { return pauses == 0 && type.request_due(); }
    Type type;
    int pauses = 0;
  };
  struct Pending {
    Entry* entry;
    Ack ack;
    MonoTime due;
  };

  Entry* find(std::string_view type_url) const {
    auto at = std::ranges::find_if(types_, [&](const auto& e) { return e->type.holdings().type_url() == type_url; });
    return at == types_.end() ? nullptr : at->get();
  }
  Entry& make(std::string_view type_url) {
    if (Entry* entry = find(type_url)) return *entry;
    return *types_.emplace_back(std::make_unique<Entry>(type_url, observer_));
  }
  std::string serialized(typename Type::Request request) {
    if (!options_.node_on_first_message_only || !std::exchange(node_sent_, true))
      *request.mutable_node() = options_.node;
    return request.SerializeAsString();
  }

  ProtocolOptions options_;
  Observer& observer_;
  std::unique_ptr<filters::TokenBucket> tokens_;
  std::vector<std::unique_ptr<Entry>> types_;    // in the order of their first subscription; few
  std::map<std::string, SavedResources> saved_;  // by type, until the server has answered for it
  std::deque<Pending> acks_;
  MonoTime wake_ = kNoDeadline;  // when next_request() may have something that it held back
  uint64_t times_limited_ = 0;
  bool open_ = false;
  bool busy_ = false;  // inside an event: what the observer subscribes to is sent as one request
  bool node_sent_ = false;
};

}  // namespace proa::xds
