// An upstream HTTP connection: a transport, a client codec, and their accounting.
#pragma once

#include <memory>
#include <string>

#include "base/arena.h"
#include "base/list.h"
#include "http/codec_pump.h"
#include "upstream/connection_ticket.h"
#include "upstream/pool.h"

namespace proa::upstream {

class HttpPool;

/// Belongs to its pool and worker; destroys itself after it has closed. Users see it in PoolWaiter::on_ready and
/// may keep a pointer until their stream has ended. Limits (one stream at a time, GOAWAY, max_requests, ages) are the
/// pool's business.
///
///   kConnecting --on_connected--> kReady <--> kBusy (no room) --> kDraining (no new stream) --> closed
class Connection final : public http::CodecPump, public net::Deferred, private ListLink<HttpPool> {
 public:
  enum class State : uint8_t { kConnecting, kReady, kBusy, kDraining, kClosed };

  /// A new stream; within on_ready() only, once. See http::ClientCodec::open.
  http::ClientStream& open(http::ResponseReceiver& receiver, Arena& arena);

  /// Addresses, TLS and id, for StreamInfo; valid as long as the connection.
  const net::ConnectionInfo& info() const { return transport().info(); }
  uint64_t id() const { return info().id; }
  Host& host() { return *ticket_.host(); }
  http::Version version() { return client_codec_ ? client_codec_->version() : http::Version::kHttp11; }
  /// How many streams were opened before the newest one: above 0, a close without a response may be the keep-alive
  /// race, see may_replay().
  bool reused() const { return requests_ > 1; }
  uint64_t requests() const { return requests_; }
  State state() const { return state_; }
  /// No new streams; closes when those under way have ended.
  void drain();

 private:
  friend class HttpPool;
  friend class List<Connection, HttpPool>;
  Connection(HttpPool& pool, std::unique_ptr<net::Transport> transport, ConnectionTicket ticket);
  ~Connection() override;

  // net::TransportObserver, http::CodecOwner, http::CodecPump
  void on_connected() override;
  void on_connect_failed(std::string reason) override;
  void count(http::CodecCounter counter) override;
  void on_progress() override;
  void on_closed() override;

  void on_timer();
  void on_max_duration();
  /// How many streams it takes is known.
  bool settled() const { return client_codec_ && client_codec_->settled(); }
  /// Streams that could be opened now.
  uint32_t room() const;
  /// The peer allows none at all, and not because it is going away.
  bool takes_no_streams() const {
    return state_ == State::kBusy && streams_ == 0 && !reserved_ && client_codec_->reusable() &&
           client_codec_->can_open() == 0;
  }
  /// Releases what streams that have ended held.
  void settle_streams();
  void settle_bytes();

  HttpPool& pool_;
  ConnectionTicket ticket_;
  http::ClientCodec* client_codec_ = nullptr;  // owned by the pump; null before it is connected
  net::Timer timer_;                           // connect time-out, then idle time-out
  std::unique_ptr<net::Timer> life_timer_;     // max_connection_duration
  MonoTime created_;
  uint64_t requests_ = 0;
  uint64_t counted_read_ = 0;
  uint64_t counted_written_ = 0;
  uint32_t streams_ = 0;        // opened and not yet settled
  uint32_t address_index_ = 0;  // of the host's addresses
  uint32_t assumed_room_ = 1;   // until it is settled: waiters that this connection is expected to serve
  State state_ = State::kConnecting;
  bool reserved_ = false;  // inside on_ready: the request's breaker slot is taken
  bool closed_by_us_ = false;
  bool ended_with_requests_ = false;
  PoolFailure failure_ = PoolFailure::kConnectFailure;
  std::string failure_details_;
};

}  // namespace proa::upstream
