// Where a tunnel ends: a TCP connection that looks to an exchange like the stream of an HTTP request. It is answered
// with 200 once the connection is there; what follows goes either way as it is.
#pragma once

#include <memory>
#include <string_view>

#include "base/arena.h"
#include "base/buffer.h"
#include "http/stream.h"
#include "http/stream_bytes.h"
#include "net/loop.h"
#include "net/transport.h"
#include "upstream/tcp_connector.h"

namespace proa::proxy {

/// One worker thread. `receiver` and `arena` outlive it. It may be reset, but not destroyed, inside the receiver's
/// callbacks. The rules of http::Stream hold: a call never calls the receiver back, events come at the end of a turn.
class TcpStream final : public http::ClientStream, private net::TransportObserver, private net::EndOfTurn {
 public:
  /// `preamble`, which may be empty, goes first.
  TcpStream(std::unique_ptr<upstream::TcpConnection> connection, http::ResponseReceiver& receiver, Arena& arena,
            std::string_view preamble);
  ~TcpStream();
  const net::ConnectionInfo& info() const { return connection_->transport().info(); }

  // http::ClientStream
  /// The head is for us alone.
  void send_request(const http::RequestHead& head, bool end) override;
  void send_data(std::string_view data, bool end) override;
  void send_trailers(const http::HeaderList& trailers) override;
  void reset(http::ResetReason reason) override;
  void pause_reading(bool paused) override;
  size_t buffered() const override { return waiting_.size(); }
  bool writable() const override { return !above_watermark_; }
  void count_bytes(http::StreamBytes& bytes) override { meter_.start(bytes); }

 private:
  void on_readable() override;
  void on_writable() override;
  void on_hangup() override { on_readable(); }
  void run() override;
  void wake();
  void answer();
  void write();
  void read();
  void end_response();
  void fail();
  void close(bool reset);

  std::unique_ptr<upstream::TcpConnection> connection_;  // null once closed
  http::ResponseReceiver* receiver_;                     // null once detached
  Arena& arena_;
  http::StreamMeter meter_;
  Buffer waiting_;
  size_t watermark_;
  uint64_t received_ = 0;
  uint64_t sent_ = 0;
  bool answer_due_ = false;
  bool answered_ = false;
  bool paused_ = false;
  bool unread_ = true;  // bytes may wait in the transport, and no event will tell
  bool blocked_ = false;
  bool above_watermark_ = false;
  bool request_ended_ = false;
  bool shut_ = false;  // the end of the request is with the peer
};

}  // namespace proa::proxy
