// A call of one request and one response.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "grpc/call.h"

namespace proa::grpc {

/// On its loop's thread; reusable after it has finished. Destroying it cancels.
class UnaryCall final : private CallObserver {
 public:
  /// The response is empty unless the status is OK. May be called within start() when no stream can be had. The call
  /// may be started again, but not destroyed, inside it.
  using Done = std::function<void(const CallStatus& status, std::string_view response)>;

  explicit UnaryCall(StreamOpener& opener) : opener_(opener) {}

  void start(const CallOptions& options, std::string_view request, Done done) {
    done_ = std::move(done);
    response_.clear();
    messages_ = 0;
    call_ = std::make_unique<Call>(opener_, static_cast<CallObserver&>(*this));
    call_->send(request, true);
    call_->start(options);  // the last thing: `done` may have started the next call
  }
  void cancel() { call_.reset(); }
  bool under_way() const { return call_ && call_->under_way(); }

 private:
  void on_message(std::string_view message) override {
    if (messages_++ == 0) response_ = message;
  }
  void on_finished(const CallStatus& status, const http::HeaderList*) override {
    CallStatus final_status = status;
    if (status.ok() && messages_ != 1) {
      final_status = {Code::kUnimplemented, "unary call with " + std::to_string(messages_) + " responses"};
    }
    // The call object is on the stack below us; what it holds goes with the next start() or with this object.
    std::string response = std::exchange(response_, {});
    auto done = std::exchange(done_, nullptr);
    if (done) done(final_status, final_status.ok() ? std::string_view(response) : std::string_view());
  }

  StreamOpener& opener_;
  std::unique_ptr<Call> call_;
  std::string response_;
  size_t messages_ = 0;
  Done done_;
};

}  // namespace proa::grpc
