// Where resources come from: a stream to a control plane (grpc_source.h) or a watched file (file_source.h).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "google/protobuf/any.pb.h"

namespace proa::observe {
class StatGroup;
}

namespace proa::xds {

/// How long a stream is up before a resource that it was asked for is taken for absent (gRFC A57).
inline constexpr Milliseconds kAbsentAfter{15'000};

struct SubscribeOptions {
  /// ConfigSource.initial_fetch_timeout; 0: wait for ever.
  Milliseconds initial_fetch_timeout{15'000};
  /// Of a schema with kSubscriptionStats (subscription_stats.h); null: not counted. When several subscribe to one
  /// name, the first one's is used until all have unsubscribed.
  std::shared_ptr<observe::StatGroup> stats{};
};

/// A resource as it was accepted last.
struct Held {
  std::string version;
  google::protobuf::Any body;
  bool lasting = true;  ///< has no time to live
};

/// Main thread only. Its observer is told nothing inside a call of these, only later. Resources are kept until they
/// are deleted or nobody is subscribed to them, however long the server is away.
///
/// What a caller must do:
///  * call unsubscribe() once for each subscribe(), of the same type and name;
///  * look at held() after subscribing: what another subscriber already brought is not told again. So a cluster that
///    was changed takes the endpoints that its predecessor had, and needs no answer of the server;
///  * unsubscribe endpoints, routes and secrets when nothing refers to them any more: nobody deletes them otherwise.
class Source {
 public:
  virtual ~Source() = default;

  /// Asks for a name, or with kWildcard for all of a type. Names are counted: two subscribers are one for the server.
  virtual void subscribe(std::string_view type_url, std::string_view name, const SubscribeOptions& options = {}) = 0;
  /// The last subscriber's lets go of the resource, and is not reported as a removal. A resource that the wildcard
  /// covers as well stays.
  virtual void unsubscribe(std::string_view type_url, std::string_view name) = 0;

  /// Until resume(), as often as paused, no request of this type is sent, acknowledgements neither: for an update that
  /// is applied over several turns and would send one request for each cluster. What is subscribed within one turn
  /// is sent as one anyway. Keep it short.
  virtual void pause(std::string_view type_url) = 0;
  virtual void resume(std::string_view type_url) = 0;

  virtual std::optional<Held> held(std::string_view type_url, std::string_view name) const = 0;
  /// In order of names; for /config_dump.
  virtual void for_each_held(std::string_view type_url,
                             const std::function<void(std::string_view name, const Held&)>& visit) const = 0;
};

}  // namespace proa::xds
