// Health check by an HTTP request.
#pragma once

#include <memory>
#include <string>

#include "upstream/check_connection.h"

namespace proa::upstream {

class HttpProbe final : public Probe, private http::ResponseReceiver, private grpc::StreamOpener::Waiter {
 public:
  explicit HttpProbe(HostCheck& check) : check_(check), connection_(check, check.spec().http2) {}
  ~HttpProbe() override { cancel(); }
  void start() override;
  void cancel() override;

 private:
  void on_stream(http::ClientStream& stream) override;
  void on_no_stream(std::string_view reason) override;
  void on_informational(http::ResponseHead&) override {}
  void on_response(http::ResponseHead& head, bool end) override;
  void on_data(std::string_view data, bool end) override;
  void on_trailers(http::HeaderList&) override { finish(); }
  void on_reset(http::ResetReason reason, std::string_view details) override;
  void on_writable() override {}
  void judge(const http::ResponseHead& head);
  void finish();
  void tell(ProbeResult result, std::string_view details);

  HostCheck& check_;
  CheckConnection connection_;
  std::unique_ptr<Arena> arena_;
  http::ClientStream* stream_ = nullptr;
  ProbeResult verdict_ = ProbeResult::kFail;
  std::string details_;
  std::string body_;
  bool close_after_ = false;
};

}  // namespace proa::upstream
