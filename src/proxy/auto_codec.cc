#include "proxy/auto_codec.h"

#include <algorithm>

namespace proa::proxy {
namespace {

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

}  // namespace

AutoCodec::AutoCodec(http::CodecOwner& owner, Milliseconds head_timeout, Make make)
    : owner_(owner), head_timeout_(head_timeout), make_(std::move(make)) {}

void AutoCodec::receive(std::string_view bytes, MonoTime now) {
  if (codec_) return codec_->receive(bytes, now);
  if (bytes.empty()) return;
  std::string_view seen = bytes;
  if (!prefix_.empty()) {
    prefix_.append(bytes);
    seen = prefix_;
  }
  const size_t common = std::min(seen.size(), kPreface.size());
  const bool could_be_http2 = seen.substr(0, common) == kPreface.substr(0, common);
  if (could_be_http2 && seen.size() < kPreface.size()) {
    if (prefix_.empty()) {
      prefix_ = bytes;
      if (head_timeout_ != kNever) deadline_ = now + head_timeout_;
    }
    return;
  }
  codec_ = make_(could_be_http2 ? http::Version::kHttp2 : http::Version::kHttp11);
  codec_->receive(seen, now);
  prefix_ = std::string();
}

void AutoCodec::resume(MonoTime now) {
  if (codec_) codec_->resume(now);
}

void AutoCodec::receive_end(bool failed, MonoTime now) {
  if (codec_) return codec_->receive_end(failed, now);
  finished_ = true;
  owner_.wake();
}

void AutoCodec::output_drained(MonoTime now) {
  if (codec_) codec_->output_drained(now);
}

void AutoCodec::shut_down(MonoTime now) {
  if (codec_) return codec_->shut_down(now);
  finished_ = true;
  owner_.wake();
}

void AutoCodec::on_time(MonoTime now) {
  if (codec_) return codec_->on_time(now);
  if (now < deadline_) return;
  owner_.count(http::CodecCounter::kHeaderTimeout);
  error_ = "http.preface_timeout";
  finished_ = true;
  owner_.wake();
}

}  // namespace proa::proxy
