#include "proxy/tcp_stream.h"

#include <array>
#include <utility>

#include "http/codec_pump.h"
#include "upstream/cluster.h"

namespace proa::proxy {
namespace {

constexpr int kReadsPerTurn = 4;  // of 64 KiB: then others get their turn

using http::ResetReason;
using net::IoResult;

}  // namespace

TcpStream::TcpStream(std::unique_ptr<upstream::TcpConnection> connection, http::ResponseReceiver& receiver,
                     Arena& arena, std::string_view preamble)
    : connection_(std::move(connection)),
      receiver_(&receiver),
      arena_(arena),
      watermark_(connection_->cluster().spec().buffer_limit) {
  waiting_.append(preamble);
  connection_->transport().observe(this);
}

TcpStream::~TcpStream() { close(/*reset=*/true); }

void TcpStream::wake() {
  if (connection_) connection_->transport().loop().end_of_turn(*this);
}

// --- from the exchange ---

void TcpStream::send_request(const http::RequestHead&, bool end) {
  answer_due_ = true;
  send_data({}, end);
}

void TcpStream::send_data(std::string_view data, bool end) {
  if (!connection_ || request_ended_) return;
  waiting_.append(data);
  request_ended_ = end;
  if (waiting_.size() > watermark_) above_watermark_ = true;
  wake();
}

void TcpStream::send_trailers(const http::HeaderList&) { send_data({}, true); }

void TcpStream::pause_reading(bool paused) {
  paused_ = paused;
  if (!paused) wake();
}

void TcpStream::reset(ResetReason reason) {
  receiver_ = nullptr;
  meter_.stop();
  // A cut tunnel is passed on as one, so that nobody takes it for a whole one.
  close(/*reset=*/reason != ResetReason::kNone);
}

// --- from the transport ---

void TcpStream::on_readable() {
  unread_ = true;
  wake();
}

void TcpStream::on_writable() {
  blocked_ = false;
  wake();
}

void TcpStream::run() {
  if (std::exchange(answer_due_, false)) answer();
  if (receiver_) write();
  if (receiver_) read();
}

void TcpStream::answer() {
  auto* head = arena_.make<http::ResponseHead>(arena_);
  head->status = 200;
  answered_ = true;
  receiver_->on_response(*head, false);
}

void TcpStream::write() {
  net::Transport& transport = connection_->transport();
  std::array<iovec, 64> pieces;
  while (!waiting_.empty() && !blocked_) {
    IoResult result = transport.writev({pieces.data(), waiting_.peek(pieces)});
    if (result.ok()) {
      sent_ += result.bytes;
      meter_.sent(result.bytes);
      waiting_.drain(result.bytes);
    } else if (result.state == IoResult::State::kBlocked) {
      blocked_ = true;
    } else {
      return fail();
    }
  }
  if (waiting_.empty() && request_ended_ && !std::exchange(shut_, true)) transport.shutdown_write();
  if (above_watermark_ && waiting_.size() <= watermark_ / 2) {
    above_watermark_ = false;
    receiver_->on_writable();
  }
}

void TcpStream::read() {
  if (!answered_) return;
  std::span<char> scratch = http::read_scratch();
  for (int i = 0; i < kReadsPerTurn && receiver_ && unread_ && !paused_; ++i) {
    IoResult result = connection_->transport().read(scratch.data(), scratch.size());
    switch (result.state) {
      case IoResult::State::kOk:
        received_ += result.bytes;
        meter_.received(result.bytes);
        if (result.drained) unread_ = false;
        receiver_->on_data({scratch.data(), result.bytes}, false);
        break;
      case IoResult::State::kBlocked: unread_ = false; break;
      case IoResult::State::kEof: return end_response();
      case IoResult::State::kError: return fail();
    }
  }
  if (receiver_ && unread_ && !paused_) wake();
}

void TcpStream::end_response() {
  unread_ = false;
  connection_->closed_by_peer();
  http::ResponseReceiver* receiver = std::exchange(receiver_, nullptr);
  if (request_ended_) close(/*reset=*/!waiting_.empty());
  receiver->on_data({}, true);
}

void TcpStream::fail() {
  connection_->closed_by_peer();
  http::ResponseReceiver* receiver = std::exchange(receiver_, nullptr);
  close(/*reset=*/false);
  receiver->on_reset(ResetReason::kConnectionClosed, "tcp.connection_closed");
}

void TcpStream::close(bool reset) {
  if (!connection_) return;
  connection_->count_bytes(received_, sent_);
  connection_->transport().close(reset);
  connection_.reset();
}

}  // namespace proa::proxy
