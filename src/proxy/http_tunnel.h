// The way through an upstream that is an HTTP proxy, in the guise of a transport: CONNECT, or POST, whose payload is
// the bytes of one connection. Source: tunneling_config of envoy.extensions.filters.network.tcp_proxy.v3.
//
//   waiting for a connection --> asked --2xx--> open --> either direction ends by itself
//             \-------------------\--failure, other answer--> on_failed
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/arena.h"
#include "base/buffer.h"
#include "http/stream.h"
#include "net/loop.h"
#include "net/transport.h"
#include "upstream/http_pool.h"
#include "upstream/pool.h"

namespace proa::proxy {

/// Told at the end of a turn, never inside a call to the tunnel, but for on_answer() and on_trailers().
class TunnelOwner {
 public:
  /// What the proxy answered, whatever it means.
  virtual void on_answer(const http::ResponseHead& head) = 0;
  virtual void on_trailers(const http::HeaderList& trailers) = 0;
  /// Bytes may flow. Those that came already wait to be read.
  virtual void on_open() = 0;
  virtual void on_failed(upstream::PoolFailure failure, std::string_view details) = 0;

 protected:
  ~TunnelOwner() = default;
};

/// One worker thread. `owner`, `head` and `arena` outlive it.
class HttpTunnel final : public net::Transport,
                         private upstream::PoolWaiter,
                         private http::ResponseReceiver,
                         private net::EndOfTurn {
 public:
  /// `limit`: bytes received and not yet read above which the upstream is paused.
  HttpTunnel(net::Loop& loop, TunnelOwner& owner, const http::RequestHead& head, Arena& arena, size_t limit)
      : loop_(loop), owner_(owner), head_(head), arena_(arena), limit_(limit) {}
  ~HttpTunnel() override { close(/*reset=*/true); }
  void start(upstream::HttpPool& pool) { pool.acquire(*this); }

  // net::Transport
  net::IoResult read(char* to, size_t size) override;
  net::IoResult writev(std::span<const iovec> pieces) override;
  void shutdown_write() override;
  void close(bool reset) override;
  bool open() const override { return state_ == State::kOpen; }
  net::Loop& loop() override { return loop_; }

 private:
  enum class State : uint8_t { kAsked, kOpen, kFailed, kClosed };

  // upstream::PoolWaiter
  void on_ready(upstream::Connection& connection) override;
  void on_failed(upstream::PoolFailure failure, std::string_view details) override;
  // http::ResponseReceiver
  void on_informational(http::ResponseHead&) override {}
  void on_response(http::ResponseHead& head, bool end) override;
  void on_data(std::string_view data, bool end) override;
  void on_trailers(http::HeaderList& trailers) override;
  void on_reset(http::ResetReason reason, std::string_view details) override;
  void on_writable() override;
  void run() override;
  void end_response();
  void forget_if_over();

  net::Loop& loop_;
  TunnelOwner& owner_;
  const http::RequestHead& head_;
  Arena& arena_;
  http::ClientStream* stream_ = nullptr;  // null before there is one and once the codec has forgotten it
  Buffer received_;
  size_t limit_;
  std::string failure_details_;
  upstream::PoolFailure failure_ = upstream::PoolFailure::kConnectFailure;
  State state_ = State::kAsked;
  bool told_ = false;  // that it is open, or has failed
  bool readable_ = false;
  bool writable_ = false;
  bool paused_ = false;
  bool request_ended_ = false;
  bool response_ended_ = false;
};

}  // namespace proa::proxy
