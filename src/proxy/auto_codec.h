// codec_type AUTO on clear text: HTTP/2 when the client begins with its preface (RFC 9113 section 3.4), else
// HTTP/1.
#pragma once

#include <functional>
#include <memory>

#include "http/codec.h"

namespace proa::proxy {

/// Stands for the real codec until enough bytes have come, and passes everything on to it from then on. At most
/// 23 bytes are kept.
class AutoCodec final : public http::ServerCodec {
 public:
  using Make = std::move_only_function<std::unique_ptr<http::ServerCodec>(http::Version)>;
  /// `head_timeout`: how long the first bytes may take once the first one is there.
  AutoCodec(http::CodecOwner& owner, Milliseconds head_timeout, Make make);

  void receive(std::string_view bytes, MonoTime now) override;
  void resume(MonoTime now) override;
  bool has_stored_input() const override { return codec_ && codec_->has_stored_input(); }
  void receive_end(bool failed, MonoTime now) override;
  bool wants_input() const override { return codec_ ? codec_->wants_input() : !finished_; }
  Buffer& output() override { return codec_ ? codec_->output() : nothing_; }
  void output_drained(MonoTime now) override;
  bool finished() const override { return codec_ ? codec_->finished() : finished_; }
  std::string_view error() const override { return codec_ ? codec_->error() : error_; }
  size_t active_streams() const override { return codec_ ? codec_->active_streams() : 0; }
  void shut_down(MonoTime now) override;
  MonoTime next_deadline() const override { return codec_ ? codec_->next_deadline() : deadline_; }
  void on_time(MonoTime now) override;
  /// kHttp10 until the real codec is known.
  http::Version version() const override { return codec_ ? codec_->version() : http::Version::kHttp10; }

 private:
  http::CodecOwner& owner_;
  Milliseconds head_timeout_;
  Make make_;
  std::unique_ptr<http::ServerCodec> codec_;
  Buffer nothing_;
  std::string prefix_;
  std::string_view error_;
  MonoTime deadline_ = MonoTime::max();
  bool finished_ = false;
};

}  // namespace proa::proxy
