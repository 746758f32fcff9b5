#include "config/runtime.h"

#include <map>
#include <string>

#include "config/supported.h"

namespace proa::config {

namespace bv3 = envoy::config::bootstrap::v3;

namespace {

class StaticRuntime final : public route::Runtime {
 public:
  std::optional<route::Share> share(std::string_view key) const override {
    auto found = shares_.find(key);
    return found == shares_.end() ? std::nullopt : std::optional(found->second);
  }

  /// A number is a percentage, an object a FractionalPercent; nested objects spell dotted keys.
  void add(const std::string& key, const google::protobuf::Value& value) {
    if (value.has_number_value()) {
      shares_[key] = {static_cast<uint32_t>(value.number_value()), 100};
      return;
    }
    if (!value.has_struct_value()) return;
    const auto& fields = value.struct_value().fields();
    auto numerator = fields.find("numerator");
    if (numerator == fields.end()) {
      for (const auto& [name, inner] : fields) add(key.empty() ? name : key + "." + name, inner);
      return;
    }
    route::Share share{static_cast<uint32_t>(numerator->second.number_value()), 100};
    if (auto denominator = fields.find("denominator"); denominator != fields.end()) {
      if (denominator->second.string_value() == "TEN_THOUSAND") share.denominator = 10'000;
      if (denominator->second.string_value() == "MILLION") share.denominator = 1'000'000;
    }
    shares_[key] = share;
  }
  bool empty() const { return shares_.empty(); }

 private:
  std::map<std::string, route::Share, std::less<>> shares_;
};

}  // namespace

std::shared_ptr<const route::Runtime> compile_runtime(const bv3::LayeredRuntime& from, const Site&) {
  auto runtime = std::make_shared<StaticRuntime>();
  for (const auto& layer : from.layers()) {
    for (const auto& [key, value] : layer.static_layer().fields()) runtime->add(key, value);
  }
  return runtime->empty() ? nullptr : runtime;
}

void add_runtime_fields(SupportedTable& table) {
  table.add(supported<bv3::LayeredRuntime>({"layers"}));
  table.add(supported<bv3::RuntimeLayer>({"name", "static_layer", "admin_layer"}));
  table.add(supported<bv3::RuntimeLayer::AdminLayer>({}));
}

}  // namespace proa::config
