#include "grpc/health_service.h"

#include <utility>

namespace proa::grpc {

struct HealthService::State {
  ServingStatus of(const std::string& service) const {
    auto found = statuses.find(service);
    return found == statuses.end() ? ServingStatus::kServiceUnknown : found->second;
  }
  std::map<std::string, ServingStatus> statuses;
  List<Watch> watches;
};

class HealthService::Watch final : public CallHandler, public ListLink<> {
 public:
  Watch(ServerCall& call, std::shared_ptr<State> state) : call_(call), state_(std::move(state)) {}

  void on_message(std::string_view message) override {
    auto service = decode_health_request(message);
    if (!service || linked()) return call_.finish({Code::kInvalidArgument, "one HealthCheckRequest is expected"});
    service_ = std::move(*service);
    state_->watches.push_back(*this);
    tell(state_->of(service_));
  }
  void on_half_close() override {}
  void on_cancelled(const CallStatus&) override { unlink(); }

  void look() {
    if (const ServingStatus now = state_->of(service_); now != told_) tell(now);
  }

 private:
  void tell(ServingStatus status) {
    told_ = status;
    call_.send(encode_health_response(status));
  }

  ServerCall& call_;
  std::shared_ptr<State> state_;
  std::string service_;
  ServingStatus told_ = ServingStatus::kUnknown;
};

HealthService::HealthService() : state_(std::make_shared<State>()) {}
HealthService::~HealthService() = default;

void HealthService::set(std::string service, ServingStatus status) {
  state_->statuses.insert_or_assign(std::move(service), status);
  state_->watches.for_each([](Watch& watch) { watch.look(); });
}

void HealthService::add_to(Services& services) {
  services.add_unary(std::string(kHealthCheckPath),
                     [state = state_](ServerCall&, std::string_view request, std::string& response) -> CallStatus {
                       auto service = decode_health_request(request);
                       if (!service) return {Code::kInvalidArgument, "no HealthCheckRequest"};
                       const ServingStatus status = state->of(*service);
                       if (status == ServingStatus::kServiceUnknown) return {Code::kNotFound, "unknown service"};
                       response = encode_health_response(status);
                       return {};
                     });
  services.add(std::string(kHealthWatchPath),
               [state = state_](ServerCall& call) { return std::make_unique<Watch>(call, state); });
}

}  // namespace proa::grpc
