#include "proxy/byte_pipe.h"

#include <array>

#include "http/codec_pump.h"

namespace proa::proxy {
namespace {

constexpr int kReadsPerTurn = 4;  // of 64 KiB: then others get their turn

using net::IoResult;

}  // namespace

bool BytePipe::pump() {
  if (state_ != State::kOpen) return false;
  unfinished_ = false;
  bool moved = sink_ && write_waiting();
  std::span<char> scratch = http::read_scratch();
  for (int i = 0; state_ == State::kOpen && !source_ended_ && !paused(); ++i) {
    if (i == kReadsPerTurn) {
      unfinished_ = true;
      break;
    }
    IoResult result = source_.read(scratch.data(), scratch.size());
    if (result.state == IoResult::State::kBlocked) break;
    if (result.state == IoResult::State::kError) {
      state_ = State::kFailed;
      return true;
    }
    moved = true;
    if (result.state == IoResult::State::kEof) {
      source_ended_ = true;
      break;
    }
    bytes_ += result.bytes;
    write({scratch.data(), result.bytes});
    if (result.drained) break;
  }
  if (state_ == State::kOpen && source_ended_ && sink_ && waiting_.empty()) {
    sink_->shutdown_write();
    state_ = State::kEnded;
  }
  return moved;
}

bool BytePipe::write_waiting() {
  bool moved = false;
  std::array<iovec, 16> pieces;
  while (!waiting_.empty()) {
    IoResult result = sink_->writev({pieces.data(), waiting_.peek(pieces)});
    if (result.state == IoResult::State::kBlocked) break;
    if (!result.ok()) {
      sink_failed_ = true;
      state_ = State::kFailed;
      return true;
    }
    moved = true;
    written_ += result.bytes;
    waiting_.drain(result.bytes);
  }
  return moved;
}

void BytePipe::write(std::string_view bytes) {
  if (sink_ && waiting_.empty()) {
    iovec piece{const_cast<char*>(bytes.data()), bytes.size()};
    IoResult result = sink_->writev({&piece, 1});
    if (result.ok()) {
      written_ += result.bytes;
      bytes.remove_prefix(result.bytes);
    } else if (result.state != IoResult::State::kBlocked) {
      sink_failed_ = true;
      state_ = State::kFailed;
      return;
    }
  }
  waiting_.append(bytes);
}

}  // namespace proa::proxy
