// A client's TCP connection and the one made for it upstream: bytes both ways, each direction closed by itself.
#pragma once

#include <memory>
#include <vector>

#include "base/arena.h"
#include "base/list.h"
#include "net/timer.h"
#include "net/transport.h"
#include "observe/stream_info.h"
#include "proxy/byte_pipe.h"
#include "proxy/filter_chain.h"
#include "proxy/http_tunnel.h"
#include "proxy/worker_context.h"
#include "upstream/clusters.h"
#include "upstream/tcp_connector.h"
#include "upstream/worker_cluster.h"

namespace proa::proxy {

class Listener;

/// Owned by itself, linked to its listener. One worker thread.
class TcpConnection final : public net::EndOfTurn,
                            public net::Deferred,
                            public upstream::TcpWaiter,
                            public TunnelOwner,
                            public ListLink<> {
 public:
  /// `metadata`: what listener filters found out; null: nothing.
  static void start(Listener& listener, std::unique_ptr<net::Transport> transport,
                    std::shared_ptr<const FilterChain> chain, ConnectionTickets ticket,
                    const observe::Metadata* metadata);
  ~TcpConnection() override;
  /// Closes both sides now.
  void abort();
  const net::ConnectionInfo& info() const { return downstream_->info(); }

  // upstream::TcpWaiter
  void on_connected(std::unique_ptr<upstream::TcpConnection> connection) override;
  // TunnelOwner
  void on_answer(const http::ResponseHead& head) override;
  void on_trailers(const http::HeaderList& trailers) override;
  void on_open() override { join(*tunnel_); }
  // both
  void on_failed(upstream::PoolFailure failure, std::string_view details) override;

 private:
  /// Which side an event came from does not matter: both pipes are pumped.
  struct Side final : net::TransportObserver {
    explicit Side(TcpConnection& c) : connection(c) {}
    TcpConnection& connection;
    void on_readable() override { connection.pump(); }
    void on_writable() override { connection.pump(); }
    void on_hangup() override { connection.pump(); }
  };

  TcpConnection(Listener& listener, std::unique_ptr<net::Transport> transport, std::shared_ptr<const FilterChain> chain,
                ConnectionTickets ticket, const observe::Metadata* metadata);
  void connect();
  const TcpTarget* choose_target();
  void open_tunnel();
  /// `transport` is the other half of the relay.
  void join(net::Transport& transport);
  void pump();
  void run() override;
  void on_idle();
  void on_report();
  /// Tells filters what was relayed.
  void report(bool last);
  void on_max_duration();
  enum class Broken : uint8_t { kNone, kDownstream, kUpstream };
  void on_broken(Broken side);
  /// `ended`: both directions came to their end, the upstream side by itself.
  void close(Broken broken = Broken::kNone, bool ended = false);

  Listener& listener_;
  net::Loop& loop_;
  std::shared_ptr<const FilterChain> chain_;
  const TcpProxy& proxy_;
  ConnectionTickets ticket_;
  std::unique_ptr<net::Transport> downstream_;
  std::unique_ptr<upstream::TcpConnection> upstream_;
  std::unique_ptr<HttpTunnel> tunnel_;  // instead of it
  Side downstream_side_{*this};
  Side upstream_side_{*this};
  std::unique_ptr<BytePipe> to_upstream_;
  std::unique_ptr<BytePipe> to_downstream_;
  upstream::WorkerCluster* cluster_ = nullptr;
  upstream::HostRef host_;
  Arena arena_;
  observe::StreamInfo stream_;
  bool closed_ = false;
  net::Timer idle_timer_;
  net::Timer duration_timer_;
  Milliseconds report_interval_ = kNever;
  net::Timer report_timer_;
  std::vector<std::shared_ptr<void>> report_states_;  // by filter; empty where none wants reports
};

}  // namespace proa::proxy
