// RBAC for requests and for connections: the engine is route/rbac.
#include <algorithm>

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

constexpr const char* kHttpName = "envoy.filters.http.rbac";
constexpr const char* kNetworkName = "envoy.filters.network.rbac";

/// Leaves the shadow decision in the dynamic metadata as Envoy does. nullopt: there are no such rules.
std::optional<rbac::Decision> decide_shadow(const RbacConfig& config, observe::StreamInfo& info, Arena& arena,
                                            const char* filter_name) {
  if (!config.shadow) return std::nullopt;
  rbac::Decision decision = rbac::decide(*config.shadow, {info});
  auto& space = observe::mutable_metadata(info, arena).root[filter_name];
  space[config.shadow_prefix + "shadow_engine_result"] = decision.allowed ? "allowed" : "denied";
  if (decision.policy) space[config.shadow_prefix + "shadow_effective_policy_id"] = decision.policy->name;
  return decision;
}

void judge_shadow(const RbacConfig& config, observe::StreamInfo& info, Arena& arena, observe::StatGroup& stats,
                  const char* filter_name) {
  if (const auto decision = decide_shadow(config, info, arena, filter_name)) {
    stats.add(decision->allowed ? ShadowStat::kAllowed : ShadowStat::kDenied);
  }
}

/// Those of which one should have allowed it.
std::string none_of(const rbac::Policies& rules) {
  constexpr size_t kMost = 8;
  std::string names;
  for (size_t i = 0; i < std::min(rules.policies.size(), kMost); ++i) {
    names += (i == 0 ? "" : ", ") + rules.policies[i].name;
  }
  if (rules.policies.empty()) return "there is no policy to allow it";
  return (rules.policies.size() == 1
              ? names + " does not allow it"
              : "none of " + names + (rules.policies.size() > kMost ? ", ..." : "") + " allows it");
}

std::string in_words(const rbac::Policies& rules, const rbac::Decision& decision) {
  const std::string name = decision.policy ? decision.policy->name : "";
  switch (rules.action) {
    case rbac::Action::kLog: return name.empty() ? "no policy asks for a log" : name + " asks for a log";
    case rbac::Action::kAllow: return name.empty() ? none_of(rules) : name + " allows it";
    case rbac::Action::kDeny: break;
  }
  return name.empty() ? "no policy denies it" : name + " denies it";
}

Foreseen foresee_rules(const RbacConfig& config, observe::StreamInfo& info, Arena& arena, const char* filter_name) {
  Foreseen out;
  const auto shadow = decide_shadow(config, info, arena, filter_name);
  if (config.rules) {
    const rbac::Decision decision = rbac::decide(*config.rules, {info});
    if (!decision.allowed) out.what = Foreseen::What::kDeny;
    out.why = in_words(*config.rules, decision);
  }
  if (shadow) {
    out.why += (out.why.empty() ? "shadow rules only: " : "; of the shadow rules ") + in_words(*config.shadow, *shadow);
  }
  return out;
}

class Rbac final : public Filter {
 public:
  Rbac(std::shared_ptr<const RbacConfig> config, RbacStats stats)
      : Filter({}), config_(std::move(config)), stats_(std::move(stats)) {}

  Verdict on_request(Exchange& x, bool) const override {
    const auto* own = route_config<RbacConfig>(x, *this);
    const RbacConfig& config = own ? *own : *config_;
    judge_shadow(config, x.info(), x.arena(), *stats_.shadow, kHttpName);
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

  std::optional<Foreseen> foresee(Exchange& x, const upstream::ClusterSpec*) const override {
    const auto* own = route_config<RbacConfig>(x, *this);
    return foresee_rules(own ? *own : *config_, x.info(), x.arena(), kHttpName);
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
    judge_shadow(*config_, info, arena, *stats_.shadow, kNetworkName);
    if (!config_->rules) return true;
    rbac::Decision decision = rbac::decide(*config_->rules, {info});
    if (config_->rules->action == rbac::Action::kLog) return true;
    stats_.enforced->add(decision.allowed ? Stat::kAllowed : Stat::kDenied);
    if (!decision.allowed) info.connection_termination_details = denial(decision, arena);
    return decision.allowed;
  }

  std::optional<Foreseen> foresee(observe::StreamInfo& info, Arena& arena) const override {
    return foresee_rules(*config_, info, arena, kNetworkName);
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
