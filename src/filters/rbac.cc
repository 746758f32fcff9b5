// RBAC for requests and for connections: the engine is route/rbac.
#include "filters/all.h"
#include "observe/metadata.h"

namespace proa::filters {
namespace {

namespace rbac = route::rbac;

enum class Stat { kAllowed, kDenied };
constexpr observe::StatDef kStats[] = {{"rbac.allowed"}, {"rbac.denied"}};
enum class ShadowStat { kAllowed, kDenied };
constexpr observe::StatDef kShadowStats[] = {{"shadow_allowed"}, {"shadow_denied"}};

/// "rbac_access_denied_matched_policy[name]", without blanks: it is one word of the log.
std::string_view denial(const rbac::Decision& decision, Arena& arena) {
  std::string name = decision.policy ? decision.policy->name : "none";
  for (char& c : name) {
    if (c == ' ') c = '_';
  }
  return arena.concat("rbac_access_denied_matched_policy[", name, "]");
}

/// Counts, and leaves the shadow decision in the dynamic metadata as Envoy does.
void judge_shadow(const RbacConfig& config, observe::StreamInfo& info, Arena& arena, observe::StatGroup& stats,
                  const char* filter_name) {
  if (!config.shadow) return;
  rbac::Decision decision = rbac::decide(*config.shadow, {info});
  stats.add(decision.allowed ? ShadowStat::kAllowed : ShadowStat::kDenied);
  auto& space = observe::mutable_metadata(info, arena).root[filter_name];
  space[config.shadow_prefix + "shadow_engine_result"] = decision.allowed ? "allowed" : "denied";
  if (decision.policy) space[config.shadow_prefix + "shadow_effective_policy_id"] = decision.policy->name;
}

class Rbac final : public Filter {
 public:
  Rbac(std::shared_ptr<const RbacConfig> config, RbacStats stats)
      : Filter({}), config_(std::move(config)), stats_(std::move(stats)) {}

  Verdict on_request(Exchange& x, bool) const override {
    const auto* own = route_config<RbacConfig>(x, *this);
    const RbacConfig& config = own ? *own : *config_;
    judge_shadow(config, x.info(), x.arena(), *stats_.shadow, "envoy.filters.http.rbac");
    if (!config.rules) return Verdict::kContinue;
    rbac::Decision decision = rbac::decide(*config.rules, {x.info()});
    if (config.rules->action == rbac::Action::kLog) {
      observe::mutable_metadata(x.info(), x.arena()).root["envoy.common"]["access_log_hint"] = decision.log;
      stats_.enforced->add(Stat::kAllowed);
      return Verdict::kContinue;
    }
    stats_.enforced->add(decision.allowed ? Stat::kAllowed : Stat::kDenied);
    if (decision.allowed) return Verdict::kContinue;
    x.respond({.status = 403, .body = "RBAC: access denied", .details = denial(decision, x.arena())});
    return Verdict::kDone;
  }

 private:
  std::shared_ptr<const RbacConfig> config_;
  RbacStats stats_;
};

class NetworkRbac final : public NetworkFilter {
 public:
  NetworkRbac(std::shared_ptr<const RbacConfig> config, RbacStats stats)
      : config_(std::move(config)), stats_(std::move(stats)) {}

  bool admit(observe::StreamInfo& info, Arena& arena) const override {
    judge_shadow(*config_, info, arena, *stats_.shadow, "envoy.filters.network.rbac");
    if (!config_->rules) return true;
    rbac::Decision decision = rbac::decide(*config_->rules, {info});
    if (config_->rules->action == rbac::Action::kLog) return true;
    stats_.enforced->add(decision.allowed ? Stat::kAllowed : Stat::kDenied);
    if (!decision.allowed) info.connection_termination_details = denial(decision, arena);
    return decision.allowed;
  }

 private:
  std::shared_ptr<const RbacConfig> config_;
  RbacStats stats_;
};

}  // namespace

const observe::StatSchema kRbacSchema{"http", kStats};
const observe::StatSchema kNetworkRbacSchema{"", kStats};
const observe::StatSchema kRbacShadowSchema{"http", kShadowStats};
const observe::StatSchema kNetworkRbacShadowSchema{"", kShadowStats};

std::unique_ptr<Filter> make_rbac(std::shared_ptr<const RbacConfig> config, RbacStats stats) {
  return std::make_unique<Rbac>(std::move(config), std::move(stats));
}

std::unique_ptr<NetworkFilter> make_network_rbac(std::shared_ptr<const RbacConfig> config, RbacStats stats) {
  return std::make_unique<NetworkRbac>(std::move(config), std::move(stats));
}

}  // namespace proa::filters
