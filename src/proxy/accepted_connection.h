// A connection between accept and its filter chain: the listener filters look at its first bytes, then the TLS
// handshake runs, then HTTP or TCP takes over.
//
//   kInspecting --enough seen--> chain found --TLS?--> kHandshake --done--> handed over
//        |  error, timeout, no chain                     |  error, timeout
//        +-----------------------> closed <--------------+
#pragma once

#include <memory>

#include "base/list.h"
#include "net/socket_transport.h"
#include "net/timer.h"
#include "proxy/listener_config.h"
#include "proxy/worker_context.h"

namespace proa::net {
struct ClientHello;
namespace tls {
class TlsTransport;
}
}  // namespace proa::net

namespace proa::proxy {

class Listener;

/// Owned by itself; linked to its listener, which may close it. One worker thread.
class AcceptedConnection final : public net::TransportObserver, public net::Deferred, public ListLink<> {
 public:
  static void start(Listener& listener, std::unique_ptr<net::SocketTransport> socket, ConnectionTickets tickets);
  ~AcceptedConnection() override;
  /// Ends it without ceremony.
  void close();

  // net::TransportObserver
  void on_connected() override;
  void on_connect_failed(std::string reason) override;
  void on_readable() override;
  void on_writable() override {}
  void on_hangup() override;

 private:
  enum class Progress : uint8_t { kDone, kMore, kFailed };
  AcceptedConnection(Listener& listener, std::unique_ptr<net::SocketTransport> socket, ConnectionTickets tickets);
  void inspect();
  Progress read_proxy_header();
  Progress look_at_first_bytes();
  Progress look_at_tls(std::string_view bytes, bool ended);
  void count_hello(const net::ClientHello& hello);
  Progress look_at_http(std::string_view bytes, bool ended);
  void choose_chain();
  void count_handshake();
  void hand_over();
  /// Asks the network filters, from the next one on.
  void admit();
  void answered(bool allowed);
  void refuse();
  void leave_filters();
  void deny(observe::StreamInfo& record);
  void serve();
  void on_timeout();
  void done(bool handed_over);

  Listener& listener_;
  std::shared_ptr<const ListenerConfig> config_;
  std::unique_ptr<net::SocketTransport> socket_;  ///< until the TLS transport takes it
  std::unique_ptr<net::Transport> secured_;
  net::tls::TlsTransport* tls_ = nullptr;  ///< secured_, while it is ours
  std::shared_ptr<const FilterChain> chain_;
  std::shared_ptr<const observe::Metadata> metadata_;  ///< of the PROXY header; null: none
  ConnectionTickets tickets_;
  /// What network filters are asked with; null where there is none.
  struct Admission;
  std::unique_ptr<Admission> admission_;
  net::Timer timer_;
  bool proxy_header_read_ = false;
  bool tls_decided_ = false;
  bool http_decided_ = false;
  bool finished_ = false;
};

}  // namespace proa::proxy
