// Keeps a workload's identity: gets it from the control plane, renews it long before it ends, and never gives up on either.
//
//   read the file, if any --> ask --given--> wait for half of its life --> ask ...
//                              ^ \--failed--> back off, the last good one stays --+
//                              +---------------------------------------------------+
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/back_off.h"
#include "base/random.h"
#include "mesh/agent/certificate_call.h"
#include "mesh/agent/identity.h"
#include "net/dns.h"
#include "net/loop.h"
#include "net/timer.h"

namespace proa::mesh {

struct IdentityOptions {
  std::string control_host{};  ///< a name, or an address
  uint16_t control_port = 15012;
  std::string server_name{};                  ///< a DNS name that the control plane's certificate must have
  std::string roots_file{};                   ///< PEM: whom to believe before the first certificate, and beside it
  std::string token_file{};                   ///< read at each use; empty: there is none
  std::string identity_file{};                ///< see write_identity(); empty: nothing is kept beyond this process
  std::chrono::seconds ttl{0};                ///< 0: the authority's usual
  std::optional<ProcessUser> socket_owner{};  ///< of connections to the control plane; see SocketOwner
  BackOffOptions back_off{Milliseconds(250), Milliseconds(30'000)};
};

/// On its loop's thread. A certificate that is still good proves who asks; without one the token does. What comes must be of
/// the same SPIFFE identity as before.
class IdentityKeeper {
 public:
  struct Events {
    /// There is a new identity, also the first one.
    std::function<void(const Identity&)> renewed;
    /// The first one is refused, or cannot be asked for: there will be none. Later failures are logged and tried again.
    std::function<void(const std::string& why)> refused;
  };

  IdentityKeeper(net::Loop& loop, IdentityOptions options, Events events);
  ~IdentityKeeper();

  /// Events come in later turns only.
  void start();
  const std::optional<Identity>& identity() const { return identity_; }
  uint64_t renewals() const { return renewals_; }
  uint64_t failures() const { return failures_; }

 private:
  void on_timer();
  void ask();
  void ask_at(const net::Address& control);
  Result<CertificateCallOptions> question(const net::Address& control) const;
  void given(std::expected<GivenCertificate, CertificateCall::Failure> outcome);
  void take(Identity identity);
  void failed(const std::string& why, bool for_good);
  bool proves_itself() const;

  net::Loop& loop_;
  const IdentityOptions options_;
  const Events events_;
  Random random_;
  BackOff back_off_;
  net::Timer timer_;
  net::Resolver resolver_;
  net::DnsHandle query_;
  std::unique_ptr<CertificateCall> call_;
  std::optional<Identity> identity_;
  bool untold_ = false;  // what was read from the file
  uint64_t renewals_ = 0, failures_ = 0;
};

}  // namespace proa::mesh
