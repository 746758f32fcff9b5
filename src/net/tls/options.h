// The configuration of a TLS endpoint, as plain data: no OpenSSL here.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace proa::net::tls {

enum class Version : uint8_t { kTls12, kTls13 };

/// One certificate of ours with its key: PEM, or PKCS#12 in place of both.
struct CertificateOptions {
  std::string chain_pem{};  // leaf first
  std::string key_pem{};
  std::string pkcs12{};  // DER
  std::string password{};
  std::string ocsp_staple{};  // DER; empty: none
  std::string path{};         // where it came from, for people
};

/// Compares one kind of subject alternative name, over its full length. A name with a NUL never matches.
struct SanMatcher {
  enum class Type : uint8_t { kDns, kUri, kEmail, kIp, kOtherName };
  enum class Match : uint8_t { kExact, kPrefix, kSuffix, kContains, kCustom };

  Type type = Type::kUri;
  Match match = Match::kExact;
  std::string value{};
  bool ignore_case = false;                        // DNS names are always compared so
  std::string oid{};                               // of kOtherName, dotted
  std::function<bool(std::string_view)> custom{};  // kCustom: thread-safe; `value` then names it
};

/// A trust domain of SPIFFE with its own roots.
struct TrustDomain {
  std::string name;
  std::string ca_pem;
};

/// How the peer's certificate is judged. Nothing set: a certificate is neither asked for nor checked (a server), or
/// not checked (a client).
struct ValidationOptions {
  std::string ca_pem;
  std::string ca_path;        // where it came from, for people
  bool system_roots = false;  // also trust the system's
  /// The peer's roots are those of the trust domain in its one SPIFFE URI; excludes ca_pem.
  std::vector<TrustDomain> trust_domains;
  std::string crl_pem;
  bool crl_leaf_only = false;
  uint32_t max_depth = 100;
  bool allow_expired = false;
  /// A chain that does not verify is let in, and marked as not validated.
  bool accept_untrusted = false;
  std::vector<SanMatcher> sans;  // one has to match, when there are any; needs a CA
  /// One pin of either list has to match, when there are any. Hex of the certificate's SHA-256 (colons allowed);
  /// base64 of the SHA-256 of the public key info.
  std::vector<std::string> certificate_sha256;
  std::vector<std::string> spki_sha256;

  bool checks_anything() const {
    return !ca_pem.empty() || system_roots || !trust_domains.empty() || !certificate_sha256.empty() ||
           !spki_sha256.empty();
  }
};

struct CommonOptions {
  Version min_version = Version::kTls12;
  Version max_version = Version::kTls13;
  /// TLS 1.2 suites by OpenSSL's names, most wanted first; "[A|B]" is a group of equals, taken in its order. Empty:
  /// ECDHE with AES-GCM or ChaCha20.
  std::vector<std::string> ciphers;
  std::vector<std::string> curves;                // empty: X25519, P-256
  std::vector<std::string> signature_algorithms;  // empty: OpenSSL's
  std::vector<std::string> alpn;                  // a server's by its preference, a client's offer
  std::vector<CertificateOptions> certificates;
  ValidationOptions validation;
  std::string key_log_path;  // SSLKEYLOGFILE format, appended; empty: none
};

struct ServerTlsOptions : CommonOptions {
  bool require_client_certificate = false;
  bool require_sni = false;
  bool prefer_client_ciphers = false;
  /// A client that offers ALPN without one of ours is refused with an alert; else it goes on without a protocol, as
  /// Envoy does.
  bool require_alpn_match = false;
  /// Each 80 bytes: name (16), HMAC key (32), AES key (32). The first encrypts; all decrypt. Empty: random keys that
  /// live as long as the context.
  std::vector<std::string> session_ticket_keys;
  bool session_tickets = true;  // false: no resumption at all
  std::chrono::seconds session_timeout{7200};
};

struct ClientTlsOptions : CommonOptions {
  std::string sni;
  size_t max_session_keys = 1;  // sessions kept for resumption, over all hosts; 0: none
};

}  // namespace proa::net::tls
