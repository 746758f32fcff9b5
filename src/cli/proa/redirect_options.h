// The options of `proa redirect`: from the command line to redirect::Options.
#pragma once

#include <string>

#include "redirect/options.h"

namespace CLI {
class App;
}

namespace proa::cli {

/// The texts that CLI11 writes into; options() reads them. Short letters are those of istio-iptables.
class RedirectOptions {
 public:
  void declare(CLI::App& app);
  /// Everything is checked; the error names the option. Reads /etc/resolv.conf if the options need it.
  Result<redirect::Options> options() const;

 private:
  Status read_senders(redirect::Options& to) const;
  Status read_traffic(redirect::Options& to) const;
  Status read_dns(redirect::Options& to) const;

  std::string backend_ = "nft", mode_ = "REDIRECT", ipv6_ = "auto";
  redirect::Options numbers_;
  std::string proxy_uid_ = "1337", proxy_gid_ = "1337", capture_groups_, exclude_groups_;
  std::string inbound_ports_ = "*", exclude_inbound_ports_, outbound_ports_, exclude_outbound_ports_;
  std::string outbound_ranges_ = "*", exclude_outbound_ranges_, loopback_ = "127.0.0.1/32";
  std::string exclude_interfaces_, virtual_interfaces_, dns_servers_;
};

}  // namespace proa::cli
