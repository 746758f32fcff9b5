// A gRPC call as a client: unary or streaming in either direction, over any HTTP/2 client codec.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/arena.h"
#include "grpc/frame.h"
#include "grpc/status.h"
#include "http/stream.h"

namespace proa::grpc {

/// Where streams come from: a connection, a pool, a test. Outlives its calls.
class StreamOpener {
 public:
  class Waiter {
   public:
    virtual void on_stream(http::ClientStream& stream) = 0;
    virtual void on_no_stream(std::string_view reason) = 0;

   protected:
    ~Waiter() = default;
  };
  virtual ~StreamOpener() = default;
  /// Opens a stream whose response goes to `receiver` and lives in `arena`; tells `waiter` within the call or later,
  /// once.
  virtual void open(http::ResponseReceiver& receiver, Arena& arena, Waiter& waiter) = 0;
  /// `waiter` is told nothing any more. Does nothing when it has been told.
  virtual void cancel(Waiter& waiter) = 0;
};

struct CallOptions {
  std::string_view authority;
  std::string_view path;  ///< "/package.Service/Method"
  std::string_view scheme = "http";
  Milliseconds timeout = kNever;                              ///< told to the server; keeping it is the caller's
  std::vector<std::pair<std::string, std::string>> metadata;  ///< lower-case names; -bin values already in base64
  size_t max_message = kDefaultMaxMessage;
};

class CallObserver {
 public:
  /// There is a stream: what was sent before is on its way. May come within start().
  virtual void on_open() {}
  virtual void on_headers(const http::HeaderList& /*metadata*/) {}
  /// Valid during the call only. The call may be cancelled here, not destroyed.
  virtual void on_message(std::string_view message) = 0;
  /// What was sent has left: more may follow (see Call::writable).
  virtual void on_writable() {}
  /// The last event. `trailers` is null when there were none. The call may be destroyed here.
  virtual void on_finished(const CallStatus& status, const http::HeaderList* trailers) = 0;

 protected:
  ~CallObserver() = default;
};

/// One call. On its loop's thread. Not compressed: a compressed message ends it with INTERNAL. Destroying a call
/// that is under way cancels it.
///
///   start --on_stream--> open --half close--> ... --trailers | reset--> finished
class Call final : private http::ResponseReceiver, private StreamOpener::Waiter {
 public:
  Call(StreamOpener& opener, CallObserver& observer) : opener_(opener), observer_(observer) {}
  ~Call() override { cancel(); }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  /// The options' texts are copied. Messages may be sent before and at once; they wait for the stream.
  void start(const CallOptions& options);
  /// `end`: no more follow.
  void send(std::string_view message, bool end);
  /// Ends our half without a message.
  void finish_sending();
  /// Ends the call without a further event.
  void cancel();
  bool writable() const { return stream_ && stream_->writable(); }
  bool under_way() const { return state_ == State::kWaiting || state_ == State::kOpen; }

 private:
  enum class State : uint8_t { kIdle, kWaiting, kOpen, kFinished };

  // StreamOpener::Waiter
  void on_stream(http::ClientStream& stream) override;
  void on_no_stream(std::string_view reason) override;
  // http::ResponseReceiver
  void on_informational(http::ResponseHead&) override {}
  void on_response(http::ResponseHead& head, bool end) override;
  void on_data(std::string_view data, bool end) override;
  void on_trailers(http::HeaderList& trailers) override;
  void on_reset(http::ResetReason reason, std::string_view details) override;
  void on_writable() override { observer_.on_writable(); }

  void fail(Code code, std::string message);
  void finish_with(const http::HeaderList& trailers);
  void finish(const CallStatus& status, const http::HeaderList* trailers);

  StreamOpener& opener_;
  CallObserver& observer_;
  std::unique_ptr<Arena> arena_;
  http::RequestHead* request_ = nullptr;
  http::ClientStream* stream_ = nullptr;
  FrameReader frames_;
  std::string unsent_;
  uint16_t http_status_ = 200;
  bool ended_sending_ = false;
  bool sent_end_ = false;
  bool got_end_ = false;
  bool is_grpc_ = false;
  State state_ = State::kIdle;
};

}  // namespace proa::grpc
