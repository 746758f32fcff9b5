// Adds and removes headers of requests and responses: the filter's own changes first, then those of the route and of
// each level above it, the most specific first, so that the table's come last (as Envoy).
#include "filters/all.h"
#include "route/route.h"

namespace proa::filters {
namespace {

class HeaderMutation final : public Filter {
 public:
  explicit HeaderMutation(std::shared_ptr<const HeaderMutationConfig> config)
      : Filter({.response = true}), config_(std::move(config)) {}

  Verdict on_request(Exchange& x, bool) const override {
    apply(x, x.request().headers, &HeaderMutationConfig::request);
    return Verdict::kContinue;
  }

  void on_response(Exchange& x, http::ResponseHead& head, bool) const override {
    apply(x, head.headers, &HeaderMutationConfig::response);
  }

 private:
  void apply(Exchange& x, http::HeaderList& headers, route::HeaderOps HeaderMutationConfig::* ops) const {
    ((*config_).*ops).apply(headers, x.info(), x.arena());
    const route::Route* route = x.route();
    if (!route) return;
    for (const auto& [filter, config] : route->per_filter.entries()) {
      if (filter != name()) continue;
      if (auto* own = dynamic_cast<const HeaderMutationConfig*>(config.get())) {
        (own->*ops).apply(headers, x.info(), x.arena());
      }
    }
  }
  std::shared_ptr<const HeaderMutationConfig> config_;
};

}  // namespace

std::unique_ptr<Filter> make_header_mutation(std::shared_ptr<const HeaderMutationConfig> config) {
  return std::make_unique<HeaderMutation>(std::move(config));
}

}  // namespace proa::filters
