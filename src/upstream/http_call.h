// One HTTP request of our own with a whole body, and its response: for collectors, webhooks and authorization services.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/arena.h"
#include "grpc/call.h"
#include "http/stream.h"

namespace proa::upstream {

struct HttpCallOptions {
  std::string_view method = "POST";
  std::string_view scheme = "http";
  std::string_view authority;
  std::string_view path;
  std::vector<std::pair<std::string, std::string>> headers;  ///< lower-case names
  size_t keep_body = 0;                                      ///< bytes of the response's body; what is above is dropped
};

/// On its loop's thread; reusable after it has finished. Destroying it cancels. Keeping a time-out is the caller's.
class HttpCall final : private http::ResponseReceiver, private grpc::StreamOpener::Waiter {
 public:
  /// `status` is 0 when there was no whole response; then `failure` says why. The call may be started again, but not
  /// destroyed, inside it. May come within start().
  using Done = std::function<void(uint16_t status, std::string_view failure)>;

  explicit HttpCall(grpc::StreamOpener& opener) : opener_(opener) {}
  ~HttpCall() override { cancel(); }
  HttpCall(const HttpCall&) = delete;
  HttpCall& operator=(const HttpCall&) = delete;

  void start(const HttpCallOptions& options, std::string body, Done done);
  void cancel();
  bool under_way() const { return state_ != State::kIdle; }
  /// Of the response, null without one; inside Done.
  const http::HeaderList* response_headers() const { return response_ ? &response_->headers : nullptr; }
  std::string_view response_body() const { return response_body_; }

 private:
  enum class State : uint8_t { kIdle, kWaiting, kOpen };

  void on_stream(http::ClientStream& stream) override;
  void on_no_stream(std::string_view reason) override { finish(0, reason); }
  void on_informational(http::ResponseHead&) override {}
  void on_response(http::ResponseHead& head, bool end) override;
  void on_data(std::string_view data, bool end) override;
  void on_trailers(http::HeaderList& trailers) override;
  void on_reset(http::ResetReason reason, std::string_view details) override;
  void on_writable() override {}
  void finish(uint16_t status, std::string_view failure);

  grpc::StreamOpener& opener_;
  std::unique_ptr<Arena> arena_;
  http::RequestHead* head_ = nullptr;
  http::ClientStream* stream_ = nullptr;
  const http::ResponseHead* response_ = nullptr;
  std::string body_, response_body_;
  size_t keep_body_ = 0;
  Done done_;
  uint16_t status_ = 0;
  State state_ = State::kIdle;
};

}  // namespace proa::upstream
