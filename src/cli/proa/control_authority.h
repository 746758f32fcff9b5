// The certificate authority inside the control plane: its service, its own certificate, its rotation.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "grpc/services.h"
#include "mesh/ca/authority.h"
#include "mesh/ca/join_tokens.h"
#include "mesh/push/node.h"
#include "net/file_watch.h"
#include "net/loop.h"
#include "net/timer.h"
#include "net/tls/slot.h"

namespace proa::cli {

/// On the loop's thread.
class ControlAuthority {
 public:
  /// `dns_names`: what the control plane's own certificate is for.
  static Result<std::unique_ptr<ControlAuthority>> open(net::Loop& loop, mesh::AuthorityOptions options,
                                                        std::vector<std::string> dns_names);

  void add_to(grpc::Services& services);
  /// The context of listeners: our certificate, and those of clients checked against our roots where they show one.
  const std::shared_ptr<net::tls::ServerSlot>& tls() const { return tls_; }
  /// See mesh::node_identity.
  Result<std::string> identify(const net::ConnectionInfo& peer, const mesh::Node& node) const;
  /// Reads the folder again: somebody else may have changed it.
  Status reload();

 private:
  ControlAuthority(net::Loop& loop, mesh::Authority authority, std::vector<std::string> dns_names);
  Status renew();
  /// Of `proa ca rotate`, which writes this file last.
  Status watch_for_rotation();
  void look();

  /// How often it looks whether a step of a rotation, or a new certificate of ours, is due.
  static constexpr Milliseconds kLook{60'000};

  net::Loop& loop_;
  mesh::Authority authority_;
  mesh::JoinTokens tokens_;
  const std::vector<std::string> dns_names_;
  const std::vector<std::string> trust_domains_;
  std::shared_ptr<net::tls::ServerSlot> tls_;
  WallTime renewed_{};
  std::unique_ptr<net::FileWatcher> watcher_;
  net::FileWatcher::Watch watch_;
  net::Timer timer_;
};

/// The folder of join tokens of an authority.
std::string token_folder(const std::string& authority);

}  // namespace proa::cli
