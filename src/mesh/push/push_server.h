// The xDS server: discovery streams, aggregated and of one type, state of the world and delta.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/list.h"
#include "grpc/services.h"
#include "mesh/push/debounce.h"
#include "mesh/push/push_stream.h"
#include "mesh/push/session.h"

namespace proa::mesh {

struct PushOptions {
  DebounceOptions debounce{};
  SessionOptions session{};
  /// The proven identity of a peer (empty: none), or why it may not be this node. Unset: everybody may be everything.
  std::function<Result<std::string>(const net::ConnectionInfo& peer, const Node& node)> identify{};
  /// After each request of a peer that may be its node, for resources that are only made when asked for. It may push.
  std::function<void(const Session& session)> asked{};
};

/// Everything on one thread, that of `loop`: streams, sessions and `resources_of`. The resource sets are immutable, so
/// they may be made elsewhere.
class PushServer {
 public:
  PushServer(net::Loop& loop, ResourcesOf resources_of, PushOptions options = {});
  /// Ends all streams.
  ~PushServer();
  PushServer(const PushServer&) = delete;
  PushServer& operator=(const PushServer&) = delete;

  /// The methods of all discovery services. They are not called any more once this is destroyed: the server that calls
  /// them goes or drains first.
  void add_to(grpc::Services& services);
  /// Of one type's own service only.
  void add_to(grpc::Services& services, std::string_view type_url);
  /// resources_of() would say something else now, to somebody. Pushed after the debounce time, to proxies whose set is
  /// another one.
  void changed() { debounce_.changed(); }
  /// The same, at once: for what is known whole, such as the first state.
  void push_now();

  /// Whether every stream has been told of the newest state as far as it takes it.
  bool pushed() const { return !debounce_.waiting() && !pushing_; }

  /// All streams that have said who they are.
  void for_each(const std::function<void(const PushStream&)>& visit);
  size_t streams() const { return count_; }
  uint64_t pushes() const { return pushes_; }

  // For streams.
  std::shared_ptr<const ResourceSet> resources_of(const Node& node) { return resources_of_(node); }
  Result<std::string> identify(const net::ConnectionInfo& peer, const Node& node) const;
  void asked(const Session& session) const {
    if (options_.asked) options_.asked(session);
  }
  void stream_ended(PushStream&) { --count_; }

 private:
  std::unique_ptr<grpc::CallHandler> open(grpc::ServerCall& call, const std::string& type_url, bool delta);
  void push_some();

  /// Proxies that are looked at in one turn of the loop, so that a large mesh does not hold up its streams.
  static constexpr int kPerTurn = 32;

  net::Loop& loop_;
  const ResourcesOf resources_of_;
  const PushOptions options_;
  Debounce debounce_;
  net::Timer next_turn_;
  List<PushStream> streams_;
  List<PushStream> to_push_;  // of those: whom the push under way has not reached
  bool pushing_ = false;
  size_t count_ = 0;
  uint64_t pushes_ = 0;
};

}  // namespace proa::mesh
