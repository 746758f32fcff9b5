// CORS (Fetch standard, section 3.2): answers preflights, marks responses; the policy is the route's.
#include <algorithm>

#include "filters/all.h"
#include "observe/stats.h"

namespace proa::filters {
namespace {

using http::HeaderId;

enum class Stat { kOriginValid, kOriginInvalid };
constexpr observe::StatDef kStats[] = {{"cors.origin_valid"}, {"cors.origin_invalid"}};

/// What the request side found out for the response side.
struct State {
  const route::CorsPolicy* policy;
  std::string_view origin;
};

class Cors final : public Filter {
 public:
  explicit Cors(std::shared_ptr<observe::StatGroup> stats) : Filter({.response = true}), stats_(std::move(stats)) {}

  Verdict on_request(Exchange& x, bool) const override {
    const auto* policy = static_cast<const route::CorsPolicy*>(x.per_filter(*this));
    std::string_view origin = x.request().headers.value(HeaderId::kOrigin);
    if (!policy || origin.empty()) return Verdict::kContinue;
    const bool enabled = !policy->enabled || policy->enabled->includes(x.info().random, nullptr);
    const bool shadow = policy->shadow && policy->shadow->includes(x.info().random, nullptr);
    if (!enabled && !shadow) return Verdict::kContinue;
    const bool allowed =
        std::ranges::any_of(policy->allow_origins, [&](const auto& matcher) { return matcher.matches(origin); });
    stats_->add(allowed ? Stat::kOriginValid : Stat::kOriginInvalid);
    if (!enabled) return Verdict::kContinue;
    const bool preflight = is_preflight(x.request());
    if (!allowed) {
      if (preflight && !policy->forward_not_matching_preflights) {
        x.respond({.status = 200, .details = "cors_response"});
        return Verdict::kDone;
      }
      return Verdict::kContinue;
    }
    x.slot(*this) = x.arena().make<State>(State{policy, origin});
    if (!preflight) return Verdict::kContinue;
    answer_preflight(x, *policy, origin);
    return Verdict::kDone;
  }

  void on_response(Exchange& x, http::ResponseHead& head, bool) const override {
    const auto* state = static_cast<const State*>(x.slot(*this));
    if (!state || is_preflight(x.request())) return;
    head.headers.set(HeaderId::kAccessControlAllowOrigin, state->origin);
    if (state->policy->allow_credentials) head.headers.set(HeaderId::kAccessControlAllowCredentials, "true");
    if (!state->policy->expose_headers.empty()) {
      head.headers.set(HeaderId::kAccessControlExposeHeaders, state->policy->expose_headers);
    }
  }

 private:
  static bool is_preflight(const http::RequestHead& request) {
    return request.method_id == http::Method::kOptions &&
           !request.headers.value(HeaderId::kAccessControlRequestMethod).empty();
  }

  void answer_preflight(Exchange& x, const route::CorsPolicy& policy, std::string_view origin) const {
    auto* headers = x.arena().make<http::HeaderList>(x.arena());
    headers->add(HeaderId::kAccessControlAllowOrigin, origin);
    if (policy.allow_credentials) headers->add(HeaderId::kAccessControlAllowCredentials, "true");
    auto add = [&](HeaderId id, std::string_view value) {
      if (!value.empty()) headers->add(id, value);
    };
    add(HeaderId::kAccessControlAllowMethods, policy.allow_methods);
    add(HeaderId::kAccessControlAllowHeaders, policy.allow_headers);
    add(HeaderId::kAccessControlMaxAge, policy.max_age);
    if (policy.allow_private_network &&
        x.request().headers.value(HeaderId::kAccessControlRequestPrivateNetwork) == "true") {
      headers->add(HeaderId::kAccessControlAllowPrivateNetwork, "true");
    }
    x.respond({.status = 200, .details = "cors_response", .headers = headers});
  }

  std::shared_ptr<observe::StatGroup> stats_;
};

}  // namespace

const observe::StatSchema kCorsSchema{"http", kStats};

std::unique_ptr<Filter> make_cors(std::shared_ptr<observe::StatGroup> stats) {
  return std::make_unique<Cors>(std::move(stats));
}

}  // namespace proa::filters
