// Adds and removes headers of requests and responses; a route's part comes after the filter's own.
#include "filters/all.h"

namespace proa::filters {
namespace {

class HeaderMutation final : public Filter {
 public:
  explicit HeaderMutation(std::shared_ptr<const HeaderMutationConfig> config)
      : Filter({.response = true}), config_(std::move(config)) {}

  Verdict on_request(Exchange& x, bool) const override {
    config_->request.apply(x.request().headers, x.info(), x.arena());
    if (auto* own = own_of(x)) own->request.apply(x.request().headers, x.info(), x.arena());
    return Verdict::kContinue;
  }

  void on_response(Exchange& x, http::ResponseHead& head, bool) const override {
    config_->response.apply(head.headers, x.info(), x.arena());
    if (auto* own = own_of(x)) own->response.apply(head.headers, x.info(), x.arena());
  }

 private:
  const HeaderMutationConfig* own_of(Exchange& x) const {
    return static_cast<const HeaderMutationConfig*>(x.per_filter(*this));
  }
  std::shared_ptr<const HeaderMutationConfig> config_;
};

}  // namespace

std::unique_ptr<Filter> make_header_mutation(std::shared_ptr<const HeaderMutationConfig> config) {
  return std::make_unique<HeaderMutation>(std::move(config));
}

}  // namespace proa::filters
