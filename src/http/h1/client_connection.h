// HTTP/1 as a client: one request at a time, its response, and the decision whether the connection may be used again.
#pragma once

#include <cstdint>
#include <string_view>

#include "http/codec.h"
#include "http/h1/body_decoder.h"
#include "http/h1/body_encoder.h"
#include "http/h1/head_parser.h"
#include "http/h1/head_scanner.h"
#include "http/h1/head_writer.h"
#include "http/h1/stored_input.h"

namespace proa::http::h1 {

//  What goes out                                                What comes in
//   kIdle --request--> kBody --end--> kDone                     kIdle --request sent--> kHead
//      \--upgrade, CONNECT--> kUndecided --101, 2xx--> kBody    kHead --response--> kBody --end--> kComplete
//                                  \--other status--> kDone     kHead --101, 2xx--> kTunnel --end--> kComplete
//   both ended: kIdle again, or kClosed                         kIdle --any byte--> kClosed
//
/// One thread. `options` and `owner` outlive the connection. What an upstream sends is trusted no more than what a
/// client sends: malformed or unasked-for bytes end the connection, and it is never used again (threats S12).
class ClientConnection final : public ClientCodec, private ClientStream {
 public:
  static constexpr uint32_t kMaxInformational = 10;

  ClientConnection(const Http1Options& options, CodecOwner& owner) : options_(options), owner_(owner) {}

  // ClientCodec
  ClientStream& open(ResponseReceiver& receiver, Arena& arena) override;
  uint32_t can_open() const override { return in_ == In::kIdle && !busy_ && keep_alive_ ? 1 : 0; }
  bool reusable() const override { return in_ != In::kClosed && keep_alive_; }

  // Codec
  void receive(std::string_view bytes, MonoTime now) override;
  void resume(MonoTime now) override;
  bool has_stored_input() const override;
  void receive_end(bool failed, MonoTime now) override;
  bool wants_input() const override;
  Buffer& output() override { return output_; }
  void output_drained(MonoTime now) override;
  bool finished() const override { return in_ == In::kClosed && !reset_pending_; }
  bool output_ended() const override { return out_ == Out::kDone && in_ == In::kTunnel; }
  std::string_view error() const override { return error_; }
  size_t active_streams() const override { return busy_; }
  void shut_down(MonoTime now) override;
  MonoTime next_deadline() const override { return deadline_; }
  void on_time(MonoTime now) override;
  Version version() const override { return Version::kHttp11; }

 private:
  enum class In : uint8_t { kIdle, kHead, kBody, kTunnel, kComplete, kClosed };
  enum class Out : uint8_t { kIdle, kBody, kUndecided, kDone };

  // ClientStream
  void send_request(const RequestHead& head, bool end) override;
  void send_data(std::string_view data, bool end) override;
  void send_trailers(const HeaderList& trailers) override;
  void reset(ResetReason reason) override;
  void pause_reading(bool paused) override;
  size_t buffered() const override { return output_.size() + held_.size(); }
  bool writable() const override { return !above_watermark_; }
  void count_bytes(StreamBytes& bytes) override { meter_.start(bytes); }

  size_t consume(std::string_view input, MonoTime now);
  size_t step(std::string_view input, MonoTime now);
  size_t read_head(std::string_view input, MonoTime now);
  void take_head(ResponseHead& head, const Framing& framing, bool more_input);
  void begin_tunnel();
  size_t read_body(std::string_view input);
  void deliver(const BodyDecoder::Step& step, bool more_input);
  ResponseReceiver& response_complete(bool more_input);
  bool blocked() const { return paused_ && (in_ == In::kBody || in_ == In::kTunnel); }
  void input_ended();

  bool frame_request(const RequestHead& head, bool end, WrittenFraming& framing);
  void request_failed(std::string_view details);
  void request_sent(bool end);
  void end_exchange_if_complete();
  void refuse(const Refusal& refusal);
  void abort(ResetReason reason, std::string_view details);
  void close(std::string_view error = {});

  const Http1Options& options_;
  CodecOwner& owner_;
  Buffer output_;
  Buffer held_;  // sent into a tunnel that the peer has not accepted yet
  StoredInput stored_;
  HeadScanner scanner_;
  BodyDecoder decoder_;
  BodyEncoder encoder_;

  // Of the exchange under way.
  ResponseReceiver* receiver_ = nullptr;
  Arena* arena_ = nullptr;
  StreamMeter meter_;
  RequestContext request_;
  uint32_t serial_ = 0;  // changes when the receiver is detached or the exchange ends
  uint32_t informational_ = 0;

  MonoTime deadline_ = MonoTime::max();
  std::string_view error_;
  In in_ = In::kIdle;
  Out out_ = Out::kIdle;
  bool busy_ = false;  // between open() and the end of both messages
  bool keep_alive_ = true;
  bool paused_ = false;
  bool starved_ = false;  // what is stored is not enough to go on
  bool held_end_ = false;
  bool above_watermark_ = false;
  bool end_pending_ = false;  // the peer has ended, after input that is stored
  bool reset_pending_ = false;
};

}  // namespace proa::http::h1
