// HTTP/1 as a server: requests in, responses out, one after the other on one connection.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "http/codec.h"
#include "http/h1/body_decoder.h"
#include "http/h1/body_encoder.h"
#include "http/h1/head_parser.h"
#include "http/h1/head_scanner.h"
#include "http/h1/head_writer.h"
#include "http/h1/refusal_writer.h"
#include "http/h1/stored_input.h"

namespace proa::http::h1 {

//  What comes in                                          What goes out
//   kHead --request--> kBody --end--> kComplete            kIdle --request--> kHead --response--> kBody --> kDone
//     |                  |              ^                    ^                                               |
//     |                  +--response ended and reset--> kDrain                                               |
//     +--upgrade, CONNECT--> kUndecided --101, 2xx--> kTunnel --end--> kComplete                             |
//                                 \--other status--> kComplete                                               |
//   kHead <----------------------------------- both ended ---------------------------------------------------+
//   anything malformed, closed or reset: kClosed
//
/// One thread. `options`, `handler` and `owner` outlive the connection. The next request is parsed only after the
/// exchange before it has ended in both directions; until then its bytes are stored, and wants_input() is false.
class ServerConnection final : public ServerCodec, private ServerStream {
 public:
  /// `refusals`: writes the answers to malformed messages; null: they get a bare status.
  ServerConnection(const Http1Options& options, ServerHandler& handler, CodecOwner& owner,
                   RefusalWriter* refusals = nullptr)
      : options_(options), handler_(handler), owner_(owner), refusals_(refusals) {}

  // Codec
  void receive(std::string_view bytes, MonoTime now) override;
  void resume(MonoTime now) override;
  bool has_stored_input() const override;
  void receive_end(bool failed, MonoTime now) override;
  bool wants_input() const override;
  Buffer& output() override { return output_; }
  void output_drained(MonoTime now) override;
  bool finished() const override { return in_ == In::kClosed && deferred_ == Deferred::kNone; }
  bool output_ended() const override { return out_ == Out::kDone && in_ == In::kTunnel; }
  std::string_view error() const override { return error_; }
  size_t active_streams() const override { return out_ != Out::kIdle && in_ != In::kDrain && in_ != In::kClosed; }
  void shut_down(MonoTime now) override;
  MonoTime next_deadline() const override { return deadline_; }
  void on_time(MonoTime now) override;
  Version version() const override { return Version::kHttp11; }

 private:
  enum class In : uint8_t { kHead, kBody, kUndecided, kTunnel, kComplete, kDrain, kClosed };
  enum class Out : uint8_t { kIdle, kHead, kBody, kDone };
  /// Events that a call on the stream caused, and which therefore wait for resume().
  enum class Deferred : uint8_t { kNone, kEnd, kReset };

  // ServerStream
  void send_informational(uint16_t status, const HeaderList& headers) override;
  void send_response(const ResponseHead& head, bool end) override;
  void send_data(std::string_view data, bool end) override;
  void send_trailers(const HeaderList& trailers) override;
  void close_after_response() override { keep_alive_ = false; }
  void reset(ResetReason reason) override;
  void pause_reading(bool paused) override;
  size_t buffered() const override { return output_.size(); }
  bool writable() const override { return !above_watermark_; }
  void count_bytes(StreamBytes& bytes) override;
  uint32_t id() const override { return 0; }

  size_t consume(std::string_view input, MonoTime now);
  size_t step(std::string_view input, MonoTime now);
  size_t read_head(std::string_view input, MonoTime now);
  size_t skip_empty_line(std::string_view input);
  void begin_exchange(std::unique_ptr<Arena> arena, RequestHead& head, const Framing& framing, size_t size);
  size_t read_body(std::string_view input);
  void deliver(const BodyDecoder::Step& step);
  size_t drain_body(std::string_view input);
  bool runnable() const;
  void input_ended();

  bool frame_response(const ResponseHead& head, bool end, WrittenFraming& framing);
  void write_failed_response();
  void response_sent(bool end);
  void end_exchange_if_complete();
  void refuse(const Refusal& refusal);
  void refuse_body(const Refusal& refusal);
  void write_error_response(uint16_t status);
  /// `reason`: the status before the owner mapped it.
  void write_error_head(uint16_t status, const HeaderList& headers, uint16_t reason);
  void abort(ResetReason reason, std::string_view details);
  void close(std::string_view error = {});

  const Http1Options& options_;
  ServerHandler& handler_;
  CodecOwner& owner_;
  RefusalWriter* refusals_;
  Buffer output_;
  StoredInput stored_;
  HeadScanner scanner_;
  BodyDecoder decoder_;
  BodyEncoder encoder_;

  // Of the exchange under way.
  RequestReceiver* receiver_ = nullptr;  // null once detached
  Arena* arena_ = nullptr;               // the handler's; valid while receiver_ is
  StreamMeter meter_;
  size_t head_size_ = 0;
  std::string_view protocol_;  // in arena_
  uint32_t serial_ = 0;        // changes when the receiver is detached or the exchange ends
  size_t drained_ = 0;
  Version request_version_ = Version::kHttp11;
  bool head_request_ = false;
  bool connect_ = false;
  bool expects_continue_ = false;  // and has got no 100

  MonoTime deadline_ = MonoTime::max();
  std::string_view error_;
  std::string_view deferred_details_;
  In in_ = In::kHead;
  Out out_ = Out::kIdle;
  Deferred deferred_ = Deferred::kNone;
  bool keep_alive_ = true;
  bool paused_ = false;
  bool starved_ = false;       // what is stored is not enough to go on
  bool line_skipped_ = false;  // the one empty line before a request line
  bool above_watermark_ = false;
  bool end_pending_ = false;  // the peer has ended, after input that is stored
};

}  // namespace proa::http::h1
