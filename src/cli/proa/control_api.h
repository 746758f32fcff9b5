// The store of the control plane and its API, where `proa apply` and others ask.
#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "grpc/server.h"
#include "mesh/ca/spiffe_id.h"
#include "mesh/model/world_feed.h"
#include "mesh/push/push_server.h"
#include "mesh/source/store_source.h"
#include "net/loop.h"

namespace proa::cli {

/// On the loop's thread.
class ControlApi {
 public:
  /// Opens the store. `directory` is made where it is not there.
  static Result<std::unique_ptr<ControlApi>> open(net::Loop& loop, std::string directory);

  /// What the feed gets, once.
  std::unique_ptr<mesh::StoreSource> take_source() { return std::move(source_); }

  /// Answers on a Unix socket of mode 0600, so it is its owner who asks. The feed goes before this object, when the loop
  /// runs no more.
  Status serve(const std::string& socket, const mesh::WorldFeed& feed, mesh::PushServer& push);
  /// The same over TLS, for these identities alone; after serve(). `tls` verifies the certificates that clients show.
  Status serve_over_tls(const std::string& address, std::shared_ptr<const net::tls::ServerSlot> tls,
                        std::vector<mesh::SpiffeId> identities);
  /// What the feed has changed, for clients that watch.
  void tell(const mesh::WorldChange& change) {
    if (tell_) tell_(change);
  }

 private:
  ControlApi(net::Loop& loop, std::unique_ptr<mesh::Store> store);
  static grpc::ConnectionRules rules();
  std::expected<std::string, grpc::CallStatus> may_call(const net::ConnectionInfo& peer) const;

  std::unique_ptr<mesh::Store> store_;
  std::unique_ptr<mesh::StoreSource> source_;
  mesh::StoreSource* given_;
  std::vector<mesh::SpiffeId> identities_;
  std::function<void(const mesh::WorldChange&)> tell_;
  grpc::Services services_;
  grpc::Server server_;
};

}  // namespace proa::cli
