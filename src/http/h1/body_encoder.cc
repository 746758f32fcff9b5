#include "http/h1/body_encoder.h"

#include <cstring>

#include "base/number.h"
#include "http/h1/head_writer.h"

namespace proa::http::h1 {
namespace {

constexpr std::string_view kLastChunk = "0\r\n\r\n";
constexpr size_t kChunkOverhead = kMaxHexDigits + 4 + kLastChunk.size();

void write_chunk(Buffer& out, std::string_view data, bool end) {
  if (data.empty()) {
    if (end) out.append(kLastChunk);
    return;
  }
  std::string_view tail = end ? "\r\n0\r\n\r\n" : "\r\n";
  bool small = data.size() <= 1024;
  char* begin = out.reserve(kChunkOverhead + (small ? data.size() : 0));
  char* at = write_hex(begin, data.size());
  *at++ = '\r';
  *at++ = '\n';
  if (small) {
    std::memcpy(at, data.data(), data.size());
    std::memcpy(at + data.size(), tail.data(), tail.size());
    at += data.size() + tail.size();
  }
  out.commit(static_cast<size_t>(at - begin));
  if (small) return;
  out.append(data);
  out.append(tail);
}

}  // namespace

bool BodyEncoder::write(Buffer& out, std::string_view data, bool end) {
  switch (kind_) {
    case SentBody::kDiscarded: return true;
    case SentBody::kRaw: out.append(data); return true;
    case SentBody::kChunked: write_chunk(out, data, end); return true;
    case SentBody::kLength:
      if (data.size() > remaining_ || (end && data.size() != remaining_)) return false;
      remaining_ -= data.size();
      out.append(data);
      return true;
  }
  return false;
}

bool BodyEncoder::write_trailers(Buffer& out, const HeaderList& trailers, bool send, bool proper_case) {
  if (kind_ == SentBody::kChunked && send && !trailers.empty()) {
    return write_last_chunk(out, trailers, proper_case);
  }
  return write(out, {}, true);
}

}  // namespace proa::http::h1
