// The client's side of one discovery stream: bytes of responses in, bytes of requests and events out. No socket, no
// clock: a test, a fuzzer and grpc_source drive it alike.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "envoy/config/core/v3/base.pb.h"
#include "envoy/service/discovery/v3/discovery.pb.h"
#include "xds/observer.h"
#include "xds/source.h"

namespace proa::xds {

/// Resources of any types, each in its envelope.
using SavedResources = envoy::service::discovery::v3::DeltaDiscoveryResponse;

/// ApiConfigSource.rate_limit_settings. Both are > 0.
struct RateLimit {
  uint32_t max_tokens = 100;
  double fill_rate = 10;  ///< tokens a second
};

struct ProtocolOptions {
  envoy::config::core::v3::Node node{};     ///< the client features of this folder are added
  bool node_on_first_message_only = false;  ///< ApiConfigSource.set_node_on_first_message_only
  std::optional<RateLimit> rate_limit{};    ///< of requests; none: no limit
};

/// `now` never goes back. Calls from inside the observer's events are allowed, but for receive(), stream_opened() and
/// stream_closed().
class Protocol {
 public:
  virtual ~Protocol() = default;

  // As in Source.
  virtual void subscribe(std::string_view type_url, std::string_view name, const SubscribeOptions& options,
                         MonoTime now) = 0;
  virtual void unsubscribe(std::string_view type_url, std::string_view name) = 0;
  virtual void pause(std::string_view type_url) = 0;
  virtual void resume(std::string_view type_url) = 0;
  virtual std::optional<Held> held(std::string_view type_url, std::string_view name) const = 0;
  virtual void for_each_held(std::string_view type_url,
                             const std::function<void(std::string_view name, const Held&)>& visit) const = 0;

  /// All that is held for longer than a time to live.
  virtual SavedResources save() const = 0;
  /// What an earlier run saved, for bring_saved().
  virtual void offer_saved(const SavedResources& saved) = 0;
  /// Tells the observer of what was saved, as a response would, where it is wanted and not held. Of a type for which the
  /// server has answered nothing is brought any more. False when there was nothing to tell; else call it again, since
  /// the observer may want more by now.
  virtual bool bring_saved(MonoTime now, WallTime wall) = 0;

  virtual void stream_opened() = 0;
  /// Also when a stream could not be had.
  virtual void stream_closed() = 0;
  /// Fails when the bytes are no response: then the stream is of no more use.
  virtual Status receive(std::string_view response, MonoTime now, WallTime wall) = 0;
  /// The next message for the open stream, or nothing for now. Call it until there is nothing whenever any other
  /// function was called.
  virtual std::optional<std::string> next_request(MonoTime now) = 0;
  /// What waits for next_request().
  virtual size_t pending_requests() const = 0;
  /// How often a request had to wait for the rate limit.
  virtual uint64_t times_limited() const = 0;

  /// When to call on_time() and next_request() at the latest.
  virtual MonoTime next_deadline() const = 0;
  virtual void on_time(MonoTime now) = 0;
};

/// State of the world: each request has all names, each response all that the server wants to say.
std::unique_ptr<Protocol> make_sotw(ProtocolOptions options, Observer& observer);
/// Delta, also called incremental.
std::unique_ptr<Protocol> make_delta(ProtocolOptions options, Observer& observer);

}  // namespace proa::xds
