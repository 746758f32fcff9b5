// CORS (Fetch standard, section 3.2): answers preflights, marks responses; the policy is the route's.
#include <algorithm>
#include <optional>
#include <vector>

#include "filters/all.h"
#include "observe/stats.h"
#include "route/route.h"

namespace proa::filters {
namespace {

using http::HeaderId;

enum class Stat { kOriginValid, kOriginInvalid };
constexpr observe::StatDef kStats[] = {{"cors.origin_valid"}, {"cors.origin_invalid"}};

/// The policies of all levels, the most specific first: each setting is the first one that is given.
class Policy {
 public:
  Policy(Exchange& x, const Filter& filter) {
    const route::Route* route = x.route();
    if (!route) return;
    for (const auto& [name, config] : route->per_filter.entries()) {
      if (name != filter.name()) continue;
      if (auto* policy = dynamic_cast<const route::CorsPolicy*>(config.get())) levels_.push_back(policy);
    }
  }
  bool empty() const { return levels_.empty(); }
  bool enabled(uint64_t random) const {
    for (const auto* level : levels_) {
      if (level->enabled) return level->enabled->includes(random, nullptr);
    }
    return !empty();
  }
  bool shadow(uint64_t random) const {
    for (const auto* level : levels_) {
      if (level->shadow) return level->shadow->includes(random, nullptr);
    }
    return false;
  }
  bool allows(std::string_view origin) const {
    for (const auto* level : levels_) {
      if (level->allow_origins.empty()) continue;
      // A matcher that takes the word "*" takes every origin.
      return std::ranges::any_of(level->allow_origins,
                                 [&](const auto& m) { return m.matches("*") || m.matches(origin); });
    }
    return false;
  }
  bool flag(std::optional<bool> route::CorsPolicy::* field, bool otherwise) const {
    for (const auto* level : levels_) {
      if (level->*field) return *(level->*field);
    }
    return otherwise;
  }
  std::string_view text(std::string route::CorsPolicy::* field) const {
    for (const auto* level : levels_) {
      if (!(level->*field).empty()) return level->*field;
    }
    return {};
  }

 private:
  std::vector<const route::CorsPolicy*> levels_;
};

class Cors final : public Filter {
 public:
  explicit Cors(std::shared_ptr<observe::StatGroup> stats) : Filter({.response = true}), stats_(std::move(stats)) {}

  Verdict on_request(Exchange& x, bool) const override {
    std::string_view origin = x.request().headers.value(HeaderId::kOrigin);
    if (origin.empty()) return Verdict::kContinue;
    const Policy policy(x, *this);
    const bool enabled = policy.enabled(x.info().random);
    if (!enabled && !policy.shadow(x.info().random)) return Verdict::kContinue;
    const bool allowed = policy.allows(origin);
    stats_->add(allowed ? Stat::kOriginValid : Stat::kOriginInvalid);
    if (!enabled) return Verdict::kContinue;
    if (allowed) x.slot(*this) = x.arena().make<std::string_view>(origin);
    if (!is_preflight(x.request())) return Verdict::kContinue;
    if (!allowed && policy.flag(&route::CorsPolicy::forward_not_matching_preflights, true)) return Verdict::kContinue;
    answer_preflight(x, policy);
    return Verdict::kDone;
  }

  /// Also of the answer to a preflight.
  void on_response(Exchange& x, http::ResponseHead& head, bool) const override {
    const auto* origin = static_cast<const std::string_view*>(x.slot(*this));
    if (!origin) return;
    const Policy policy(x, *this);
    head.headers.set(HeaderId::kAccessControlAllowOrigin, *origin);
    if (policy.flag(&route::CorsPolicy::allow_credentials, false)) {
      head.headers.set(HeaderId::kAccessControlAllowCredentials, "true");
    }
    std::string_view expose = policy.text(&route::CorsPolicy::expose_headers);
    if (!expose.empty()) head.headers.set(HeaderId::kAccessControlExposeHeaders, expose);
  }

 private:
  static bool is_preflight(const http::RequestHead& request) {
    return request.method_id == http::Method::kOptions &&
           !request.headers.value(HeaderId::kAccessControlRequestMethod).empty();
  }

  /// An origin that is not allowed gets no allow-origin: the browser refuses by that.
  void answer_preflight(Exchange& x, const Policy& policy) const {
    auto* headers = x.arena().make<http::HeaderList>(x.arena());
    auto add = [&](HeaderId id, std::string_view value) {
      if (!value.empty()) headers->add(id, value);
    };
    if (policy.flag(&route::CorsPolicy::allow_credentials, false)) {
      headers->add(HeaderId::kAccessControlAllowCredentials, "true");
    }
    add(HeaderId::kAccessControlAllowMethods, policy.text(&route::CorsPolicy::allow_methods));
    add(HeaderId::kAccessControlAllowHeaders, policy.text(&route::CorsPolicy::allow_headers));
    add(HeaderId::kAccessControlMaxAge, policy.text(&route::CorsPolicy::max_age));
    if (policy.flag(&route::CorsPolicy::allow_private_network, false) &&
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
