// A client's HTTP connection: codec, keep-alive rules, limits, and the exchanges under way.
#pragma once

#include <memory>
#include <string_view>

#include "base/list.h"
#include "filters/network_filter.h"
#include "http/codec_pump.h"
#include "http/h1/refusal_writer.h"
#include "proxy/connection_manager.h"
#include "proxy/exchange.h"
#include "proxy/worker_context.h"

namespace proa::proxy {

struct FilterChain;
class Listener;

/// Made by the listener once transport and filter chain are known. Owns itself: it is destroyed by its loop after
/// the transport has closed and the last exchange has ended.
class DownstreamConnection final : public http::CodecPump,
                                   public http::ServerHandler,
                                   public http::h1::RefusalWriter,
                                   public net::Deferred,
                                   public ListLink<> {
 public:
  /// `late`: the listener has changed since it accepted the connection.
  static void start(Listener& listener, std::unique_ptr<net::Transport> transport,
                    std::shared_ptr<const FilterChain> chain, ConnectionTickets ticket,
                    std::shared_ptr<const observe::Metadata> metadata, bool late = false);
  ~DownstreamConnection() override;

  // For exchanges.
  /// What listener filters found out, for the dynamic metadata of each request; null: nothing.
  const observe::Metadata* metadata() const { return metadata_.get(); }
  const std::shared_ptr<const ConnectionManager>& manager() const { return manager_; }
  /// For the next request.
  const RouteSlot::Table& routes() { return routes_.of(manager_->routes); }
  net::ConnectionInfo& info() { return transport().info(); }
  upstream::Clusters& clusters() { return worker_.clusters(); }
  const route::Runtime* runtime() const { return worker_.runtime(); }
  std::string_view filter_chain_name() const;
  uint64_t random() { return worker_.random(); }
  uint64_t next_stream_id() { return worker_.next_stream_id(); }
  WorkerContext& worker() { return worker_; }
  /// See filters::Exchange::connection_slot.
  std::shared_ptr<void>& slot(uint64_t key);
  /// False: the response under way is the connection's last one.
  bool keep_alive() const;
  void exchange_started(Exchange& exchange);
  void exchange_finished(Exchange& exchange);

  const FilterChain& chain() const { return *chain_; }
  /// New requests are served by `chain`, which is the same as the old one below HTTP.
  void adopt(std::shared_ptr<const FilterChain> chain);
  /// Graceful: no new requests, then close.
  void drain();
  bool told_to_end() const { return !keep_alive_; }

  // http::ServerHandler
  http::RequestReceiver& on_request(http::ServerStream& stream, http::RequestHead& head, std::unique_ptr<Arena> arena,
                                    bool end) override;
  void on_malformed(uint16_t status, std::string_view reason) override;
  // http::h1::RefusalWriter
  http::h1::RefusalAnswer answer_malformed(uint16_t status, std::string_view reason, Arena& arena) override;
  // http::CodecOwner
  void count(http::CodecCounter counter) override;

 private:
  DownstreamConnection(Listener& listener, std::unique_ptr<net::Transport> transport,
                       std::shared_ptr<const FilterChain> chain, ConnectionTickets ticket,
                       std::shared_ptr<const observe::Metadata> metadata);
  std::unique_ptr<http::ServerCodec> make_codec();
  void note_version();
  void on_progress() override;
  void on_closed() override;
  void close_gracefully();
  void on_idle();
  void on_max_duration();
  void on_drain_timeout();
  observe::StreamInfo malformed_record(uint16_t status, std::string_view reason);
  void note_malformed(observe::StreamInfo& record);

  Listener& listener_;
  WorkerContext& worker_;
  std::shared_ptr<const FilterChain> chain_;
  /// Of the chain it came with: those of a newer one have not counted it.
  std::vector<std::shared_ptr<const filters::NetworkFilter>> admitted_;
  std::shared_ptr<const ConnectionManager> manager_;
  std::shared_ptr<const ConnectionManager> first_manager_;  ///< the codec refers to its options
  RouteView routes_;
  std::shared_ptr<const observe::Metadata> metadata_;
  std::vector<std::pair<uint64_t, std::shared_ptr<void>>> slots_;
  ConnectionTickets ticket_;  ///< counts against the listener's and the process's limits
  MonoTime started_;
  uint64_t requests_ = 0;
  uint64_t bytes_read_counted_ = 0;
  uint64_t bytes_written_counted_ = 0;
  uint32_t active_ = 0;
  http::Version version_ = http::Version::kHttp10;  ///< kHttp10: not known yet
  bool keep_alive_ = true;
  bool local_close_ = false;
  net::Timer idle_timer_;
  net::Timer duration_timer_;
  net::Timer drain_timer_;
};

}  // namespace proa::proxy
