// A certificate authority in memory: makes keys, certificates and revocation lists.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "net/tls/san.h"

namespace proa::net::tls {

struct IssueRequest {
  std::string common_name{};
  std::vector<San> sans{};                                                           // values may hold any bytes
  WallTime valid_from = std::chrono::system_clock::now() - std::chrono::minutes(5);  // clocks differ
  WallTime valid_until = std::chrono::system_clock::now() + std::chrono::hours(24);
  bool is_ca = false;
  bool rsa = false;  // 2048 bits; else EC P-256
  bool for_server = true;
  bool for_client = true;
};

/// PEM of both.
struct Issued {
  std::string certificate_pem;
  std::string key_pem;
};

/// Not thread-safe. Private keys stay in memory.
class Issuer {
 public:
  /// A new self-signed root.
  static Result<Issuer> make_root(const std::string& common_name);
  /// From PEM that is kept elsewhere.
  static Result<Issuer> load(const Issued& authority);
  Issuer(Issuer&&) noexcept;
  Issuer& operator=(Issuer&&) noexcept;
  ~Issuer();

  Result<Issued> issue(const IssueRequest& request);
  /// A certificate for the key of a PEM request (certificate_request.h); of the request nothing else is looked at. The
  /// chain, leaf first. `request.rsa` says nothing.
  Result<std::string> sign(std::string_view request_pem, const IssueRequest& request);
  /// An authority below this one. The chain of what it issues is its certificate and ours.
  Result<Issuer> make_intermediate(const std::string& common_name);
  /// A list, valid for a day, that revokes these certificates of ours.
  Result<std::string> make_crl(const std::vector<std::string>& revoked_pem);

  const std::string& certificate_pem() const { return authority_.certificate_pem; }
  const Issued& authority() const { return authority_; }

 private:
  struct Keys;
  Issuer(std::unique_ptr<Keys> keys, Issued authority);

  std::unique_ptr<Keys> keys_;
  Issued authority_;
};

}  // namespace proa::net::tls
