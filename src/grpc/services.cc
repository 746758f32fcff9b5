#include "grpc/services.h"

#include <optional>

namespace proa::grpc {

namespace {

class UnaryHandler final : public CallHandler {
 public:
  UnaryHandler(ServerCall& call, const Services::Unary& answer) : call_(call), answer_(answer) {}

  void on_message(std::string_view message) override {
    if (request_) return call_.finish({Code::kUnimplemented, "more than one request to a unary method"});
    request_ = message;
  }
  void on_half_close() override {
    if (!request_) return call_.finish({Code::kUnimplemented, "no request to a unary method"});
    std::string response;
    const CallStatus status = answer_(call_, *request_, response);
    if (status.ok()) call_.send(response);
    call_.finish(status);
  }

 private:
  ServerCall& call_;
  const Services::Unary& answer_;
  std::optional<std::string> request_;
};

}  // namespace

void Services::add_unary(std::string path, Unary answer) {
  auto shared = std::make_shared<const Unary>(std::move(answer));
  add(std::move(path), [shared](ServerCall& call) { return std::make_unique<UnaryHandler>(call, *shared); });
}

std::vector<std::string> Services::names() const {
  std::vector<std::string> out;
  for (const auto& [path, open] : methods_) {
    std::string name = path.substr(1, path.rfind('/') - 1);
    if (out.empty() || out.back() != name) out.push_back(std::move(name));
  }
  return out;
}

}  // namespace proa::grpc
