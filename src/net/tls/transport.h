// TLS over a transport that is connected, or about to be.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/tls/client_context.h"
#include "net/tls/counters.h"
#include "net/tls/server_context.h"
#include "net/transport.h"

struct bio_st;
struct ssl_st;
struct ssl_session_st;
struct x509_store_ctx_st;

namespace proa::net::tls {

/// What one client connection does differently from its context.
struct ConnectOverrides {
  std::optional<std::string> sni{};
  std::optional<std::vector<std::string>> alpn{};
  std::vector<SanMatcher> sans{};  // not empty: in place of the context's
  /// Sessions are resumed between connections with the same key, SNI, ALPN and names; give the host's address where
  /// hosts of a cluster do not share their ticket keys.
  std::string session_key{};
};

/// The owner stops the handshake by a time limit of its own: close() it. on_connected() tells of the end of the
/// handshake; info().tls is set then. After on_connected() comes one on_readable(), because the edge of bytes that came
/// with the last handshake message is gone.
///
/// writev(): after a write that took less than all, the next one must begin with the bytes that were not taken, and give
/// at least as many of them as before: a record may have been made of them already.
///
/// A peer that ends the connection without close_notify may have been cut off: that is kError, not kEof.
class TlsTransport final : public Transport, private TransportObserver, private EndOfTurn {
 public:
  TlsTransport(std::unique_ptr<Transport> inner, std::shared_ptr<const ServerContext> context);
  TlsTransport(std::unique_ptr<Transport> inner, std::shared_ptr<const ClientContext> context,
               const ConnectOverrides& overrides);
  ~TlsTransport() override;

  IoResult read(char* to, size_t size) override;
  IoResult writev(std::span<const iovec> pieces) override;
  /// Answer and close_notify go out together. A write of nothing, after shutdown_write(), is blocked as long as some of
  /// them still wait here: close() would lose it.
  void end_follows() override;
  /// Sends close_notify, then the end of the transport below.
  void shutdown_write() override;
  void close(bool reset = false) override;
  bool open() const override { return inner_->open(); }
  Loop& loop() override { return inner_->loop(); }
  std::string failure() const override { return failure_; }

  /// What to count, once on_connected() or on_connect_failed() has come.
  CounterSet counters() const { return counters_; }
  bool handshaking() const { return handshake_ != nullptr; }

 private:
  friend struct TransportBio;
  friend class ServerContext;
  friend class ClientContext;
  friend int verify_callback(x509_store_ctx_st*, void*);
  struct Handshake;

  TlsTransport(std::unique_ptr<Transport> inner, const BaseContext& base);
  void on_connected() override;
  void on_connect_failed(std::string reason) override;
  void on_readable() override;
  void on_writable() override;
  void on_hangup() override;
  void run() override { step(); }

  // Called back by OpenSSL.
  bool judge(x509_store_ctx_st* chain);
  void explain(std::string reason);
  void keep_session(ssl_session_st* session);

  void start_client(const ConnectOverrides& overrides);
  void step();
  void finished();
  void failed();
  void describe_peer(TlsInfo& info) const;
  IoResult io_failure(int ssl_error);
  IoResult write_below(const char* from, size_t size);
  void flush_held();
  void say_close_notify();
  void end_below();

  std::unique_ptr<Transport> inner_;
  std::shared_ptr<const ServerContext> server_;
  std::shared_ptr<const ClientContext> client_;
  const BaseContext& base_;
  ssl_st* ssl_;
  std::unique_ptr<Handshake> handshake_;  // null once it is over
  std::string session_key_;
  std::string failure_;
  CounterSet counters_;
  std::string held_;           // records that are not written below yet
  size_t hold_limit_ = 0;      // they wait there while it is shorter than this
  size_t blocked_ = 0;         // length of the record that could not be written
  int io_error_ = 0;           // errno of the transport below
  bool drained_ = false;       // it had nothing more to read, and no edge has come since
  bool ended_ = false;         // it has come to its end
  bool want_write_ = false;    // the observer waits for room
  bool read_blocked_ = false;  // a read waits for room: it had to answer something first
  bool closing_ = false;       // close_notify waits in held_
};

/// A server's side. Give it the socket with the ClientHello unread (peeked bytes are unread).
std::unique_ptr<TlsTransport> accept(std::unique_ptr<Transport> inner, std::shared_ptr<const ServerContext> context);
/// A client's side. `inner` may still be connecting: its failure is told as ours.
std::unique_ptr<TlsTransport> connect(std::unique_ptr<Transport> inner, std::shared_ptr<const ClientContext> context,
                                      const ConnectOverrides& overrides = {});

}  // namespace proa::net::tls
