// One exchange as a codec shows it: events come in through a receiver, messages go out through a stream.
// HTTP/1 and HTTP/2, client and server, all look like this, so the proxy's story is written once.
//
//   bytes -> codec -> RequestReceiver  ... proxy ...  ClientStream -> codec -> bytes
//   bytes <- codec <- ServerStream     ... proxy ...  ResponseReceiver <- codec <- bytes
//
// Rules, for all of them:
//  - Everything happens on the connection's worker thread. No call blocks.
//  - A slice given to on_data() is valid during the call only; heads and trailers live in the arena named.
//  - A call on a stream never calls the receiver back: events come only out of the connection's receive(),
//    receive_end(), output_drained() and on_time().
//  - After on_reset(), or once both messages have ended, the codec has forgotten the receiver and the stream
//    must not be touched again. Who loses interest earlier calls reset(), which detaches the receiver.
//  - A server that has finished its response before the request ended calls reset(kNone): HTTP/2 sends
//    RST_STREAM(NO_ERROR), HTTP/1 drains a bounded rest of the body or closes.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/arena.h"
#include "http/message.h"
#include "http/stream_bytes.h"

namespace proa::http {

/// Why a stream ended before both messages were complete.
enum class ResetReason : uint8_t {
  kNone,
  kRemoteReset,       ///< the peer reset it (RST_STREAM other than REFUSED_STREAM)
  kRemoteRefused,     ///< REFUSED_STREAM, or above a GOAWAY's last stream: the peer has not started on it
  kConnectionClosed,  ///< the connection ended; `processed` in on_reset tells whether the peer may have started
  kProtocolError,     ///< what the peer sent is malformed; the codec has answered as its RFC asks
  kLocalReset,        ///< we gave up: time-out, overload, the other side is gone
  kOverload,          ///< a limit of ours was exceeded
  kConnectFailure,    ///< no connection could be made
};

/// Receives one message's body and end. `details` in resets is a static string such as
/// "http2.invalid_header": a reason code for logs and counters.
class MessageReceiver {
 public:
  virtual ~MessageReceiver() = default;
  virtual void on_data(std::string_view data, bool end) = 0;
  /// Ends the message. The list lives in the arena given with the head.
  virtual void on_trailers(HeaderList& trailers) = 0;
  /// The stream is dead in both directions.
  virtual void on_reset(ResetReason reason, std::string_view details) = 0;
  /// buffered() of the stream fell under its low watermark after writable() was false.
  virtual void on_writable() = 0;
};

using RequestReceiver = MessageReceiver;

class ResponseReceiver : public MessageReceiver {
 public:
  /// 1xx other than 101; may come several times.
  virtual void on_informational(ResponseHead& head) = 0;
  /// `end`: there is no body and there are no trailers. For an accepted upgrade (101, or 2xx to a CONNECT)
  /// data flows both ways until each side ends.
  virtual void on_response(ResponseHead& head, bool end) = 0;
};

/// The sending half, and control over the receiving one.
class Stream {
 public:
  virtual ~Stream() = default;
  /// Sends body bytes; they are copied. `end` finishes the message (with no bytes too).
  virtual void send_data(std::string_view data, bool end) = 0;
  /// Finishes the message with trailers. HTTP/1 sends them only in chunked messages and drops them otherwise.
  virtual void send_trailers(const HeaderList& trailers) = 0;
  /// Ends both directions at once; the receiver gets no further event. HTTP/1 closes the connection.
  /// `reason` chooses the HTTP/2 error code: kLocalReset CANCEL (client) or INTERNAL_ERROR (server),
  /// kRemoteRefused REFUSED_STREAM, kProtocolError PROTOCOL_ERROR, kNone NO_ERROR (server, response complete).
  virtual void reset(ResetReason reason) = 0;
  /// No on_data() while paused, apart from bytes that are already being delivered.
  virtual void pause_reading(bool paused) = 0;
  /// Bytes accepted by send_data and not yet written to the transport.
  virtual size_t buffered() const = 0;
  /// False while buffered() is above the high watermark; send_data still accepts (bounded by one read).
  virtual bool writable() const = 0;
  /// Adds to `bytes` from now on, and what was received before; until the codec forgets the receiver, as which `bytes`
  /// lives at least as long. What waits then for the peer's window is not counted any more.
  virtual void count_bytes(StreamBytes& bytes) = 0;
};

class ServerStream : public Stream {
 public:
  virtual void send_informational(uint16_t status, const HeaderList& headers) = 0;
  /// `end`: no body. HTTP/1 adds framing (content-length as in the headers, or chunked); content-length in the
  /// headers is trusted and must fit what follows, else the stream is reset.
  virtual void send_response(const ResponseHead& head, bool end) = 0;
  /// False in HTTP/1 when this response must end the connection (bad framing, drain).
  virtual void close_after_response() = 0;
  virtual uint32_t id() const = 0;  ///< HTTP/2 stream id; 0 in HTTP/1
};

class ClientStream : public Stream {
 public:
  /// `head` outlives the stream when it has a `protocol`: HTTP/2 may have to wait with it.
  virtual void send_request(const RequestHead& head, bool end) = 0;
};

/// The owner of a server connection: gets its requests.
class ServerHandler {
 public:
  virtual ~ServerHandler() = default;
  /// A request's head is complete and valid. It lives in `arena`, as will its trailers; the handler keeps the
  /// arena until the stream is done. Returns the receiver of what follows. `end`: there is no body.
  /// The handler may answer, or reset, within this call.
  virtual RequestReceiver& on_request(ServerStream& stream, RequestHead& head, std::unique_ptr<Arena> arena,
                                      bool end) = 0;
  /// The codec has refused a message before it became a request, and answered itself with `status` (HTTP/2: 0
  /// when it only reset the stream). `reason` is static, for logs and counters.
  virtual void on_malformed(uint16_t /*status*/, std::string_view /*reason*/) {}
};

}  // namespace proa::http
