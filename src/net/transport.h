// A byte stream to one peer: a socket, TLS over a socket, or memory in tests. What upper layers know of a connection.
#pragma once

#include <sys/uio.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "net/address.h"
#include "net/loop.h"

namespace proa::net {

/// The outcome of one read or write. `bytes` counts only with kOk.
struct IoResult {
  enum class State : uint8_t { kOk, kBlocked, kEof, kError };

  size_t bytes = 0;
  State state = State::kOk;
  int error = 0;  // errno, with kError
  /// After a read: nothing more is waiting, so on_readable() will be called when there is. While it is false, read
  /// again (or keep in mind to). After a write: always true when fewer bytes were taken than given.
  bool drained = true;

  bool ok() const { return state == State::kOk; }
};

/// Facts of one certificate. Plain data; safe to share once made.
struct CertificateInfo {
  std::string subject;  // RFC 2253, as Envoy prints it
  std::string issuer;
  std::string serial;  // lower-case hex
  std::vector<std::string> uri_sans;
  std::vector<std::string> dns_sans;
  std::vector<std::string> ip_sans;
  std::vector<std::string> email_sans;
  std::vector<std::string> other_name_sans;
  std::string sha256;  // fingerprint of the DER form, lower-case hex
  std::string sha1;
  WallTime valid_from{};
  WallTime valid_until{};
  std::string path;  // where it was read from; only of configured certificates

  /// DER, for the lazy forms below.
  std::string der;
  std::vector<std::string> issuers_der;  // the rest of the chain, as presented; not known of a resumed session
  /// PEM, percent-encoded as x-forwarded-client-cert wants it. Made at each call; empty without `der`.
  std::string url_encoded_pem() const;
  std::string url_encoded_chain() const;
  std::string pem() const;

  /// What stands for no certificate: every field empty. One for all.
  static const std::shared_ptr<const CertificateInfo>& none();
};

/// A finished TLS handshake. Plain data, shared as shared_ptr<const TlsInfo>.
struct TlsInfo {
  std::string_view version;  // "TLSv1.3"; static text
  std::string_view cipher;   // static; OpenSSL's name: "TLS_AES_128_GCM_SHA256", "ECDHE-RSA-AES128-GCM-SHA256"
  uint16_t cipher_id = 0;
  bool resumed = false;
  bool presented = false;  // the peer sent a certificate
  bool validated = false;  // and it passed every check that is configured
  std::string sni;
  std::string alpn;        // negotiated; empty: none
  std::string session_id;  // lower-case hex
  // Never null. The local one is shared by all connections that were shown it.
  std::shared_ptr<const CertificateInfo> peer = CertificateInfo::none();   // empty unless presented
  std::shared_ptr<const CertificateInfo> local = CertificateInfo::none();  // empty when none was sent; without DER
};

struct MeshPeer;

/// A type-length-value of the PROXY protocol version 2, not interpreted.
struct ProxyTlv {
  uint8_t type = 0;
  std::string value;
  bool operator==(const ProxyTlv&) const = default;
};

/// What is known of a connection. Filled by the listener's inspectors and the transports, which share one.
struct ConnectionInfo {
  Address local;          // after original-destination or PROXY restoration
  Address remote;         // after PROXY restoration
  Address direct_remote;  // the peer of the socket
  bool local_restored = false;
  std::string sni;                                 // asked for by the client (server side) or sent (client side)
  std::vector<std::string> alpn;                   // the client's list
  std::string transport_protocol;                  // "raw_buffer", "tls"; empty before detection
  std::string ja3;                                 // MD5 in hex; empty unless an inspector makes it
  std::vector<std::string> application_protocols;  // detected: "http/1.1", "h2c", ...
  std::vector<ProxyTlv> proxy_tlvs;
  std::shared_ptr<const TlsInfo> tls;         // null: not TLS, or the handshake is not finished
  std::shared_ptr<const MeshPeer> mesh_peer;  // the peer's workload, told before its first byte; null: not told
  bool mesh_exchange_pending = false;         // it may still be told (net/peer_exchange)
  uint64_t id = 0;
};

/// Told of what happens to a transport, on its loop's thread, never inside a call of the observer to the transport.
/// Inside a callback the transport may be closed but not destroyed: hand it to Loop::defer_delete.
class TransportObserver {
 public:
  /// A client's connect or, with TLS, either side's handshake is finished. Not called for a plain accepted socket.
  virtual void on_connected() {}
  /// In place of on_connected(); the transport is closed.
  /// NOLINTNEXTLINE(performance-unnecessary-value-param): whoever overrides it may keep it
  virtual void on_connect_failed(std::string /*reason*/) {}
  /// Bytes, an end or an error wait to be read. Edge-triggered: read until `drained`, or read again later unasked.
  virtual void on_readable() = 0;
  /// A write that took less than all may be tried again.
  virtual void on_writable() = 0;
  /// Both directions are gone (reset, or closed both ways); after on_readable(), at most once. Tells even an
  /// observer that has stopped reading. Bytes received before may still be read.
  virtual void on_hangup() {}

 protected:
  ~TransportObserver() = default;
};

/// Not thread-safe: everything on its loop's thread. Destroying it closes it.
class Transport : public Deferred {
 public:
  /// Reads at most `size` bytes (> 0). kEof: the peer has finished sending.
  virtual IoResult read(char* to, size_t size) = 0;
  /// Writes some leading bytes of `pieces`; fewer than all, or kBlocked: on_writable() follows.
  virtual IoResult writev(std::span<const iovec> pieces) = 0;
  /// A hint: the next writes are the last, and once they are taken shutdown_write() or close() follows in the same turn.
  /// They may wait, to go in one packet with it: after shutdown_write() a write of nothing is blocked while some do.
  virtual void end_follows() {}
  /// Sends the end of our bytes; reading goes on.
  virtual void shutdown_write() = 0;
  /// Ends both directions; no callback comes any more. `reset` drops what is unsent and tells the peer so (RST).
  virtual void close(bool reset = false) = 0;
  virtual bool open() const = 0;
  virtual Loop& loop() = 0;
  /// A sentence on why the transport failed, where errno does not say it (TLS alerts). Empty otherwise.
  virtual std::string failure() const { return {}; }

  ConnectionInfo& info() { return *info_; }
  const std::shared_ptr<ConnectionInfo>& shared_info() const { return info_; }
  const ConnectionInfo& info() const { return *info_; }
  /// Replaces the observer (null: none). Events that came before are not repeated: the new one must try to read.
  void observe(TransportObserver* observer) { observer_ = observer; }

 protected:
  /// A transport over another one gives the info of that one: both speak of the same connection.
  explicit Transport(std::shared_ptr<ConnectionInfo> info = std::make_shared<ConnectionInfo>())
      : info_(std::move(info)) {}

  TransportObserver* observer_ = nullptr;
  const std::shared_ptr<ConnectionInfo> info_;
};

/// Unique in the process; thread-safe. Numbers ConnectionInfo::id.
uint64_t next_connection_id();

}  // namespace proa::net
