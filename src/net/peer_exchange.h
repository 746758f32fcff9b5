// A transport whose two ends first tell each other what workloads they stand beside (Istio's exchange of metadata on
// TCP, for connections whose ALPN is "istio-peer-exchange").
//
//   ours:    magic, length, google.protobuf.Any -> then the bytes of the application
//   theirs:  kHeader -> kBody -> kDone          | kHeader --no magic--> kDone, nothing is taken
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "net/transport.h"

namespace proa::net {

/// Immutable, shared by all connections.
struct PeerExchangeSpec {
  std::string protocol = "istio-peer-exchange";  ///< the ALPN of connections that begin with an exchange
  std::string message;                           ///< what we say, framed
  std::vector<std::string> labels;               ///< of the peer, to be kept
};

/// Magic and length before `any`, a serialized google.protobuf.Any.
std::string frame_peer_message(std::string_view any);

/// `inner` is a connection that may still be in its handshake. When that has negotiated another protocol, everything
/// passes. What the peer said is in info().mesh_peer.
class PeerExchange final : public Transport, private TransportObserver {
 public:
  PeerExchange(std::unique_ptr<Transport> inner, std::shared_ptr<const PeerExchangeSpec> spec, bool connected);
  ~PeerExchange() override;

  IoResult read(char* to, size_t size) override;
  IoResult writev(std::span<const iovec> pieces) override;
  void end_follows() override {
    if (unsent_ == 0) inner_->end_follows();
  }
  void shutdown_write() override;
  void close(bool reset) override { inner_->close(reset); }
  bool open() const override { return inner_->open(); }
  Loop& loop() override { return inner_->loop(); }
  std::string failure() const override { return inner_->failure(); }

 private:
  enum class State : uint8_t { kHeader, kBody, kDone };

  void on_connected() override;
  void on_connect_failed(std::string reason) override;
  void on_readable() override;
  void on_writable() override;
  void on_hangup() override;

  void begin();
  /// Sends what is left of our message; false while some is.
  bool send();
  /// Reads what is left of the peer's; kOk when there is no more of it.
  IoResult receive();
  bool header_is_magic() const;
  void finish();

  std::unique_ptr<Transport> inner_;
  std::shared_ptr<const PeerExchangeSpec> spec_;
  size_t unsent_ = 0;  // bytes of the message
  std::string held_;   // of the peer's header or body, then bytes that belong to the application
  size_t wanted_ = 0;
  State state_ = State::kDone;
  bool ends_ = false;  // shutdown_write() came before our message was out
};

}  // namespace proa::net
