// A gRPC call as a server sees it: unary or streaming in either direction.
//
//   request head --open--> ServerCall + CallHandler --messages, half close--> ... --finish()--> status sent
//                                                   --reset, lost, too late--> on_cancelled
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/arena.h"
#include "base/list.h"
#include "grpc/frame.h"
#include "grpc/status.h"
#include "http/stream.h"
#include "net/loop.h"
#include "net/timer.h"
#include "net/transport.h"

namespace proa::grpc {

class ServerCall;

/// What answers one call. Made when the call opens, destroyed after it has ended, never inside one of its own
/// functions. Everything on the thread of the call's loop. Each function may send, finish or cancel by way of the call.
class CallHandler {
 public:
  virtual ~CallHandler() = default;
  /// Valid during the call only.
  virtual void on_message(std::string_view message) = 0;
  /// The client has said all it has to say.
  virtual void on_half_close() = 0;
  /// What was sent has left: more may follow (see ServerCall::writable).
  virtual void on_writable() {}
  /// The last event of a call that nobody has finished: the client gave up, the connection is lost, the deadline has
  /// passed, or the server ends. The call takes nothing any more.
  virtual void on_cancelled(const CallStatus& /*why*/) {}
};

/// Owned by its connection; a handler may use it until it has finished it or on_cancelled() has come. Not compressed: a
/// compressed message ends the call with UNIMPLEMENTED.
class ServerCall final : public net::Deferred, public ListLink<ServerCall>, private http::RequestReceiver {
 public:
  ~ServerCall() override;

  std::string_view path() const { return head_.path; }
  /// Header fields of the request; live as long as the call. Names in lower case, -bin values in base64.
  const http::HeaderList& metadata() const { return head_.headers; }
  /// Who calls: addresses, and the certificate where there is TLS.
  const net::ConnectionInfo& peer() const { return *peer_; }
  net::Loop& loop() const { return loop_; }

  void send(std::string_view message);
  /// False: wait for on_writable() before more is sent. What is sent all the same is kept.
  bool writable() const { return stream_ && stream_->writable(); }
  /// Holds the client back: no on_message() while paused, apart from what is being delivered.
  void pause_reading(bool paused);
  /// Ends the call, once; nothing is told to the handler any more. Without a message before it, a status alone.
  void finish(const CallStatus& status);
  bool finished() const { return state_ == State::kFinished; }

 private:
  friend class ServerConnection;
  enum class State : uint8_t { kOpen, kFinished };

  ServerCall(net::Loop& loop, std::shared_ptr<const net::ConnectionInfo> peer, http::ServerStream& stream,
             http::RequestHead& head, std::unique_ptr<Arena> arena, size_t max_message, bool end);

  /// Attaches what answers; the deadline counts from here.
  void start(std::unique_ptr<CallHandler> handler);
  /// Ends it from the server's side: the handler hears of it, the client gets the status.
  void cancel(const CallStatus& status);

  // http::RequestReceiver
  void on_data(std::string_view data, bool end) override;
  void on_trailers(http::HeaderList& trailers) override;
  void on_reset(http::ResetReason reason, std::string_view details) override;
  void on_writable() override;

  void on_deadline();
  void half_close();
  void send_head();
  void send_status(const CallStatus& status);
  void retire();

  net::Loop& loop_;
  const std::shared_ptr<const net::ConnectionInfo> peer_;
  const std::unique_ptr<Arena> arena_;
  http::ServerStream* stream_;  // null once the codec has forgotten us
  http::RequestHead& head_;
  std::unique_ptr<CallHandler> handler_;
  FrameReader frames_;
  net::Timer deadline_;
  State state_ = State::kOpen;
  bool request_ended_;
  bool head_sent_ = false;
};

}  // namespace proa::grpc
