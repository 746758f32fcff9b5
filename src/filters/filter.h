// The filter interface: one object per configured filter, immutable, shared by all requests and workers.
//
// A request passes the filters in the order of the configuration, its response in reverse. Every hook is an
// ordinary synchronous call; a filter that must wait (a delay, a call to another service) returns kWait and
// calls Exchange::resume() later. Per-request state lives in the exchange's slot of the filter.
//
//   on_request -> on_request_data* -> on_request_trailers?      config order
//   on_response -> on_response_data* -> on_response_trailers?   reverse order, also for local replies
//   on_complete                                                 once, whatever happened
//
// A new filter is one .cc with its test: derive from Filter, override what it needs, declare its make function
// in all.h, and compile its protobuf in config/filters.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/buffer.h"
#include "filters/exchange.h"
#include "filters/foreseen.h"
#include "http/message.h"

namespace proa::upstream {
struct ClusterSpec;
}

namespace proa::filters {

enum class Verdict : uint8_t {
  kContinue,
  kWait,  ///< stop here; body bytes are buffered (bounded, see Exchange) until resume() or respond()
  kDone,  ///< the filter has called respond(): the request goes no further
};

/// What a filter looks at beyond heads, so that the others cost nothing.
struct Wants {
  bool request_data = false;
  bool request_trailers = false;
  bool response = false;  ///< on_response at all
  bool response_data = false;
  bool response_trailers = false;
  bool complete = false;
};

class Filter {
 public:
  virtual ~Filter() = default;

  /// The request's head; `end`: no body follows.
  virtual Verdict on_request(Exchange&, bool /*end*/) const { return Verdict::kContinue; }
  /// May change `data` in place, and call respond(), or resume() when it waits. Filters that wait see the data
  /// too; what they leave is buffered until all filters have let the request pass.
  virtual void on_request_data(Exchange&, Buffer& /*data*/, bool /*end*/) const {}
  virtual void on_request_trailers(Exchange&, http::HeaderList&) const {}

  /// The response's head, of the upstream or of a local reply. Filters that waited or responded still see it.
  virtual void on_response(Exchange&, http::ResponseHead&, bool /*end*/) const {}
  virtual void on_response_data(Exchange&, Buffer& /*data*/, bool /*end*/) const {}
  virtual void on_response_trailers(Exchange&, http::HeaderList&) const {}

  /// The exchange is over, also when it was reset; stops what the filter has under way (timers, calls).
  virtual void on_complete(Exchange&) const {}

  /// What on_request() would come to, without its effects on others: nothing is asked, and at most counted. Changes to the
  /// exchange are made, so that what follows sees them. `cluster`: where the request goes; null: nowhere, or not known.
  /// nullopt: it takes more than the head of a request to tell.
  virtual std::optional<Foreseen> foresee(Exchange&, const upstream::ClusterSpec* /*cluster*/) const {
    return std::nullopt;
  }

  /// The name in the configuration ("envoy.filters.http.fault"), by which routes refer to it.
  const std::string& name() const { return name_; }
  /// Index into the exchange's slots.
  uint32_t index() const { return index_; }
  const Wants& wants() const { return wants_; }
  /// Skipped unless a route enables it (HttpFilter.disabled).
  bool disabled_by_default() const { return disabled_; }

 protected:
  explicit Filter(Wants wants) : wants_(wants) {}

 private:
  friend class Chain;  // gives name, index and default when it is built
  std::string name_;
  uint32_t index_ = 0;
  Wants wants_;
  bool disabled_ = false;
};

}  // namespace proa::filters
