#include "admin/runtime_layer.h"

#include "base/number.h"

namespace proa::admin {
namespace {

class Layered final : public route::Runtime {
 public:
  Layered(std::shared_ptr<const route::Runtime> below, RuntimeLayer::Values values)
      : below_(std::move(below)), values_(std::move(values)) {}

  std::optional<route::Share> share(std::string_view key) const override {
    if (auto found = values_.find(key); found != values_.end()) {
      if (auto percent = parse_decimal<uint32_t>(found->second)) return route::Share{*percent, 100};
    }
    return below_ ? below_->share(key) : std::nullopt;
  }

 private:
  std::shared_ptr<const route::Runtime> below_;
  RuntimeLayer::Values values_;
};

}  // namespace

void RuntimeLayer::forget_if_reloaded(const proxy::Server& server) {
  if (server.snapshot().runtime == base_) return;
  base_ = server.snapshot().runtime;
  over_ = nullptr;
  values_.clear();
}

std::shared_ptr<const route::Runtime> RuntimeLayer::change(const proxy::Server& server, const Values& values) {
  forget_if_reloaded(server);
  for (const auto& [key, value] : values) {
    if (value.empty()) {
      values_.erase(key);
    } else {
      values_[key] = value;
    }
  }
  over_ = values_.empty() ? nullptr : std::make_shared<Layered>(base_, values_);
  return in_force(server);
}

const RuntimeLayer::Values& RuntimeLayer::values(const proxy::Server& server) {
  forget_if_reloaded(server);
  return values_;
}

std::shared_ptr<const route::Runtime> RuntimeLayer::in_force(const proxy::Server& server) {
  forget_if_reloaded(server);
  return over_ ? over_ : base_;
}

}  // namespace proa::admin
