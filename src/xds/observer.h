// What a source of discovery tells the program.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "google/protobuf/any.pb.h"

namespace proa::xds {

/// One resource that came. Valid during the call.
struct Resource {
  std::string_view name;
  std::string_view version;                     ///< its own if it has one (delta), else that of the response
  const google::protobuf::Any* body = nullptr;  ///< never null; of the update's type, not yet read
  bool unchanged = false;                       ///< byte for byte what is held already
};

/// What one response says of resources that somebody subscribed to. Both lists may be empty: an answer without
/// resources is an answer, too. Valid during the call.
struct Update {
  std::string_view type_url;
  std::string_view version;  ///< of the response; in delta for people's eyes only
  std::span<const Resource> resources;
  std::span<const std::string> removed;  ///< were held, and are no more
};

/// Why one resource of an update is refused: a sentence with the offending value.
struct Rejection {
  std::string name;
  std::string reason;
};

/// The one receiver of a source's events, on the main thread. It outlives the source.
///
/// Inside a call it may subscribe, unsubscribe, pause and ask what is held; it must not destroy the source.
class Observer {
 public:
  /// Takes what is good and returns why the rest is not. Answer as soon as a resource is valid in itself: a cluster
  /// that waits for its endpoints is accepted before they come, or they never do. A refused resource leaves the one
  /// of that name in place that was accepted before. Resources come in the order of the response; the order between
  /// types (clusters before endpoints, listeners before routes) and warming are the observer's.
  virtual std::vector<Rejection> on_update(const Update& update) = 0;

  /// A resource that was subscribed by name and is not held does not exist: the server said so, or a stream has been
  /// up for kAbsentAfter since it was asked for. Once; it may come later all the same. A name that was subscribed with
  /// initial_fetch_timeout 0 is only reported when the server said so.
  virtual void on_absent(std::string_view type_url, std::string_view name) = 0;

  /// Nothing has come of a subscription for its initial_fetch_timeout, with or without a server. Once. What waits for
  /// it (a warming listener, the start of the program) goes on without it. `name` is kWildcard for a type as a whole.
  virtual void on_fetch_timeout(std::string_view type_url, std::string_view name) = 0;

 protected:
  ~Observer() = default;
};

}  // namespace proa::xds
