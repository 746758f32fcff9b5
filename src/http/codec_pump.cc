#include "http/codec_pump.h"

#include <array>
#include <utility>

namespace proa::http {

namespace {

constexpr size_t kScratchSize = 64 * 1024;
// Reads of one connection before others get their turn: 256 KiB.
constexpr int kReadsPerTurn = 4;
constexpr size_t kPiecesPerWrite = 64;
constexpr uint32_t kMaxLingerBytes = 1024 * 1024;
// For a peer that takes nothing of what TLS holds back for its end.
constexpr Milliseconds kMaxHeldTime{60'000};

}  // namespace

std::span<char> read_scratch() {
  thread_local std::unique_ptr<char[]> scratch = std::make_unique_for_overwrite<char[]>(kScratchSize);
  return {scratch.get(), kScratchSize};
}

CodecPump::CodecPump(std::unique_ptr<net::Transport> transport, Role role, Milliseconds linger)
    : transport_(std::move(transport)),
      timer_(net::Timer::of<&CodecPump::on_timer>(this)),
      linger_(linger),
      role_(role) {
  transport_->observe(this);
}

CodecPump::~CodecPump() {
  transport_->observe(nullptr);
  transport_->close();
}

void CodecPump::start(std::unique_ptr<Codec> codec, bool try_read) {
  codec_ = std::move(codec);
  unread_ = unread_ || try_read;
  state_ = State::kOpen;
  wake();
}

void CodecPump::abort(bool reset) {
  abort_ = true;
  abort_reset_ = abort_reset_ || reset;
  wake();
}

void CodecPump::shut_down() {
  if (state_ == State::kWaiting) return abort();
  if (state_ != State::kOpen) return;
  codec_->shut_down(loop().now());
  wake();
}

void CodecPump::on_readable() {
  if (state_ == State::kClosed) return;
  unread_ = true;
  if (state_ == State::kWaiting) return;
  wake();  // first: an upstream whose response ends is free again before its client's next request looks for one
  if (state_ == State::kOpen) read_some();
}

void CodecPump::on_writable() {
  blocked_ = false;
  wake();
}

void CodecPump::on_hangup() {
  hung_up_ = true;
  if (state_ != State::kOpen) return abort();
  // A client reads on: the response may be complete in the kernel; so does a tunnel whose other half we have ended
  // ourselves. Otherwise nobody listens to a server any more.
  if (role_ == Role::kServer && !output_shut_) return abort();
  unread_ = true;
  wake();
}

void CodecPump::read_some() {
  std::span<char> scratch = read_scratch();
  for (int i = 0; i < kReadsPerTurn && !input_ended_ && codec_->wants_input(); ++i) {
    net::IoResult result = transport_->read(scratch.data(), scratch.size());
    switch (result.state) {
      case net::IoResult::State::kOk:
        bytes_read_ += result.bytes;
        codec_->receive({scratch.data(), result.bytes}, loop().now());
        if (result.drained) {
          unread_ = false;
          return;
        }
        break;
      case net::IoResult::State::kBlocked:
        unread_ = false;
        if (hung_up_ || output_dead_) end_input(true);
        return;
      case net::IoResult::State::kEof: return end_input(false);
      case net::IoResult::State::kError: return end_input(true);
    }
  }
}

void CodecPump::end_input(bool failed) {
  if (input_ended_) return;
  input_ended_ = true;
  unread_ = false;
  codec_->receive_end(failed || output_dead_, loop().now());
  if (failed) abort_ = true;
}

void CodecPump::flush() {
  Buffer& output = codec_->output();
  if (output_dead_) output.clear();
  if (output.empty() || blocked_) return;
  std::array<iovec, kPiecesPerWrite> pieces;
  size_t count = output.peek(pieces);
  size_t offered = 0;
  for (size_t i = 0; i < count; ++i) offered += pieces[i].iov_len;
  // Not where close() follows with bytes unread: the RST would drop what waits.
  if (role_ == Role::kServer && codec_->finished() && (input_ended_ || linger_.count() > 0)) transport_->end_follows();
  net::IoResult result = transport_->writev({pieces.data(), count});
  switch (result.state) {
    case net::IoResult::State::kOk:
      blocked_ = result.bytes < offered;
      bytes_written_ += result.bytes;
      output.drain(result.bytes);
      codec_->output_drained(loop().now());
      if (!output.empty() && !blocked_) wake();
      return;
    case net::IoResult::State::kBlocked: blocked_ = true; return;
    case net::IoResult::State::kEof:
    case net::IoResult::State::kError: return write_failed();
  }
}

void CodecPump::write_failed() {
  output_dead_ = true;
  codec_->output().clear();
  if (role_ == Role::kServer || input_ended_) {
    abort_ = true;
  } else {
    unread_ = true;  // an early response may wait: read until the end or until nothing is there
  }
  wake();
}

void CodecPump::run() {
  if (state_ == State::kClosed) return;
  if (state_ != State::kOpen) {
    if (abort_) return close_now();
    if (state_ == State::kLingering && unread_) drop_input();
    if (state_ == State::kLingering) linger_on();
    return;
  }
  MonoTime now = loop().now();
  if (!abort_) {
    if (codec_->has_stored_input()) codec_->resume(now);
    if (unread_) read_some();
  }
  if (!abort_ || !abort_reset_) flush();  // a farewell, if there is one
  if (abort_) {
    input_ended_ = true;
    codec_->receive_end(true, now);  // also after an end in good order: a half-closed tunnel may still be under way
    on_progress();
    return close_now();
  }
  on_progress();
  if (codec_->output().empty()) {
    if (codec_->finished()) return finish();
    if (codec_->output_ended() && !std::exchange(output_shut_, true)) transport_->shutdown_write();
  }
  bool more_input = codec_->has_stored_input() || (unread_ && !input_ended_ && codec_->wants_input());
  if (more_input || abort_) wake();
  arm();
}

void CodecPump::arm() {
  MonoTime deadline = codec_->next_deadline();
  if (deadline == armed_for_ && timer_.active()) return;
  armed_for_ = deadline;
  if (deadline == MonoTime::max()) return timer_.stop();
  auto wait = std::chrono::ceil<Milliseconds>(deadline - loop().now());
  timer_.start(loop(), std::max(wait, Milliseconds(0)));
}

void CodecPump::on_timer() {
  if (state_ == State::kLingering) return close_now();
  if (state_ != State::kOpen) return;
  codec_->on_time(loop().now());
  wake();
}

void CodecPump::finish() {
  if (role_ == Role::kClient || (!input_ended_ && linger_.count() <= 0)) return close_now();
  state_ = State::kLingering;
  timer_.start(loop(), kMaxHeldTime);
  transport_->shutdown_write();
  linger_on();
  if (state_ == State::kLingering && unread_) wake();
}

/// The time to linger begins when nothing is held back any more (Transport::end_follows).
void CodecPump::linger_on() {
  if (all_sent_) return;
  if (transport_->writev({}).state == net::IoResult::State::kBlocked) return;  // on_writable() follows
  all_sent_ = true;
  if (input_ended_ || linger_.count() <= 0) return close_now();
  timer_.start(loop(), linger_);
}

void CodecPump::drop_input() {
  std::span<char> scratch = read_scratch();
  for (int i = 0; i < kReadsPerTurn; ++i) {
    net::IoResult result = transport_->read(scratch.data(), scratch.size());
    if (result.state == net::IoResult::State::kBlocked || (result.ok() && result.drained)) {
      unread_ = false;
      return;
    }
    if (result.state == net::IoResult::State::kEof && !all_sent_) {
      unread_ = false;
      linger_ = Milliseconds(0);
      return;
    }
    if (!result.ok()) return close_now();
    dropped_ += static_cast<uint32_t>(result.bytes);
    if (dropped_ > kMaxLingerBytes) return close_now();
  }
  wake();
}

void CodecPump::close_now() {
  if (state_ == State::kClosed) return;
  state_ = State::kClosed;
  timer_.stop();
  transport_->close(abort_reset_);
  on_closed();
}

}  // namespace proa::http
