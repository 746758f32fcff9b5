#include "mesh/api/settle.h"

#include <algorithm>
#include <utility>

#include "envoy/config/core/v3/base.pb.h"
#include "mesh/api/objects.pb.h"
#include "mesh/push/node.h"
#include "mesh/push/push_stream.h"
#include "net/timer.h"

namespace proa::mesh {

namespace {

namespace api = proa::api::v1;
using grpc::CallStatus;
using grpc::Code;

class Settle final : public grpc::CallHandler {
 public:
  Settle(grpc::ServerCall& call, PushServer& push)
      : call_(call), push_(push), timer_(net::Timer::of<&Settle::look>(this)) {}

 private:
  /// How often it looks: an answer is a matter of milliseconds.
  static constexpr Milliseconds kLook{5}, kMost{3'600'000};

  void on_message(std::string_view bytes) override {
    if (asked_ || !request_.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
      return end({Code::kInvalidArgument, "is not one SettleRequest"});
    }
    asked_ = true;
    end_ = call_.loop().now() + std::min(Milliseconds(request_.timeout_ms()), kMost);
    look();
  }
  void on_half_close() override {
    if (!asked_) end({Code::kInvalidArgument, "there is no SettleRequest"});
  }
  void on_cancelled(const CallStatus&) override { timer_.stop(); }

  void look() {
    api::SettleResponse response;
    push_.for_each([&](const PushStream& stream) { look_at(stream.session(), response); });
    if ((!push_.pushed() || response.late_size() > 0) && call_.loop().now() < end_) {
      return timer_.start(call_.loop(), kLook);
    }
    call_.send(response.SerializeAsString());
    end({});
  }

  void look_at(const Session& session, api::SettleResponse& response) const {
    const std::string& id = session.node()->message->id();
    response.set_proxies(response.proxies() + 1);
    if (!push_.pushed() || !session.settled()) response.add_late(id);
    session.for_each_type([&](std::string_view type_url, const Subscription& subscription) {
      for (const auto& [name, status] : subscription.statuses()) {
        const auto since = std::chrono::duration_cast<Milliseconds>(status.since.time_since_epoch());
        if (status.state != ResourceStatus::State::kNacked || since.count() < request_.refused_since_ms()) continue;
        auto& refusal = *response.add_refusals();
        refusal.set_proxy(id);
        refusal.set_type(std::string(type_url));
        refusal.set_resource(name);
        refusal.set_reason(status.reason);
      }
    });
  }

  void end(const CallStatus& status) {
    timer_.stop();
    call_.finish(status);
  }

  grpc::ServerCall& call_;
  PushServer& push_;
  net::Timer timer_;
  api::SettleRequest request_;
  MonoTime end_{};
  bool asked_ = false;
};

}  // namespace

std::unique_ptr<grpc::CallHandler> make_settle_handler(grpc::ServerCall& call, PushServer& push) {
  return std::make_unique<Settle>(call, push);
}

}  // namespace proa::mesh
