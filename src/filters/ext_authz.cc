#include "filters/ext_authz.h"

#include "net/loop.h"
#include "net/timer.h"
#include "route/route.h"
#include "upstream/clusters.h"

namespace proa::filters {
namespace {

using observe::ResponseFlag;
using What = AuthorizationAnswer::What;

enum class Stat { kOk, kDenied, kError, kTimeout, kDisabled, kFailureAllowed };
constexpr observe::StatDef kStats[] = {{"ext_authz.ok"},       {"ext_authz.denied"},
                                       {"ext_authz.error"},    {"ext_authz.timeout"},
                                       {"ext_authz.disabled"}, {"ext_authz.failure_mode_allowed"}};

enum class OfCluster { kOk, kDenied, kError, kFailureAllowed };
constexpr observe::StatDef kOfCluster[] = {{"ok"}, {"denied"}, {"error"}, {"failure_mode_allowed"}};
constexpr observe::StatSchema kOfClusterSchema{"cluster", kOfCluster, {}, "cluster_ext_authz"};

constexpr std::string_view kErrorDetails = "ext_authz_error";

class ExtAuthz final : public Filter {
 public:
  ExtAuthz(std::shared_ptr<const ExtAuthzConfig> config, std::shared_ptr<observe::StatGroup> stats,
           std::shared_ptr<observe::DynamicStats> by_cluster)
      : Filter({.response = true, .complete = true}),
        config_(std::move(config)),
        stats_(std::move(stats)),
        by_cluster_(std::move(by_cluster)) {}

  Verdict on_request(Exchange& x, bool) const override {
    if (!is_enabled(x)) return disabled(x);
    auto* question = x.arena().make<Question>(*this, x);
    x.slot(*this) = question;
    const auto* own = dynamic_cast<const ExtAuthzRouteConfig*>(x.per_filter(*this));
    static const HeaderPairs kNone;
    return question->ask(own ? own->context : kNone);
  }

  std::optional<Foreseen> foresee(Exchange& x, const upstream::ClusterSpec*) const override {
    if (is_enabled(x)) return Foreseen{Foreseen::What::kAsk, "asks " + config_->service.cluster};
    if (config_->deny_when_disabled) return Foreseen{Foreseen::What::kDeny, "it is off, and denies then"};
    return Foreseen{.why = "does not ask about it"};
  }

  void on_response(Exchange& x, http::ResponseHead& head, bool) const override {
    auto* question = static_cast<Question*>(x.slot(*this));
    if (!question || question->answer.what != What::kOk) return;
    for (const auto& [name, value] : question->answer.response_set) head.headers.set(name, value);
    for (const auto& [name, value] : question->answer.response_append) head.headers.add(name, value);
  }

  void on_complete(Exchange& x) const override {
    if (auto* question = static_cast<Question*>(x.slot(*this))) question->stop();
  }

 private:
  /// One request's, until it ends.
  struct Question {
    Question(const ExtAuthz& f, Exchange& e)
        : filter(f), exchange(e), timer(net::Timer::of<&Question::on_timeout>(this)) {}

    Verdict ask(const HeaderPairs& context) {
      call = make_authorization_call(filter.config_->service, exchange.clusters());
      timer.start(exchange.loop(), filter.config_->service.timeout);
      asking = true;
      call->start(exchange.info(), context, [this](AuthorizationAnswer given) { on_answer(std::move(given)); });
      asking = false;
      if (!answered) return Verdict::kWait;
      return allowed ? Verdict::kContinue : Verdict::kDone;
    }
    void on_answer(AuthorizationAnswer given) {
      if (answered) return;
      answered = true;
      timer.stop();
      if (call) exchange.loop().defer_delete(std::move(call));  // it calls us, and what follows may end the exchange
      answer = std::move(given);
      allowed = filter.act(exchange, answer);
      if (allowed && !asking) exchange.resume();
    }
    void on_timeout() {
      filter.stats_->add(Stat::kTimeout);
      if (call) call->on_timeout();
      stop();
      on_answer({});
    }
    void stop() {
      timer.stop();
      call.reset();
    }

    const ExtAuthz& filter;
    Exchange& exchange;
    net::Timer timer;
    std::unique_ptr<AuthorizationCall> call;
    AuthorizationAnswer answer;
    bool asking = false, answered = false, allowed = false;
  };

  bool is_enabled(Exchange& x) const {
    if (config_->enabled && !config_->enabled->includes(x.info().random, nullptr)) return false;
    return !config_->enabled_by_metadata || config_->enabled_by_metadata->matches(x.info());
  }

  Verdict disabled(Exchange& x) const {
    stats_->add(Stat::kDisabled);
    if (!config_->deny_when_disabled) return Verdict::kContinue;
    x.info().set(ResponseFlag::kUnauthorizedExternalService);
    x.respond({.status = config_->status_on_error, .details = kErrorDetails});
    return Verdict::kDone;
  }

  /// For all, and for the cluster that the request would go to, which is returned; null: for none.
  upstream::WorkerCluster* count(Exchange& x, Stat stat, OfCluster of_cluster) const {
    stats_->add(stat);
    const route::Route* route = x.route();
    if (!route || !route->forward()) return nullptr;
    upstream::WorkerCluster* cluster = x.clusters().find(route::cluster_of(*route, x.request()));
    if (!cluster) return nullptr;
    const std::string& name = cluster->cluster().stat_name();
    auto* group = by_cluster_->find(kOfClusterSchema, name + ".ext_authz",
                                    [&] { return observe::StatTags{{"envoy_cluster_name", name}}; });
    if (group) group->add(of_cluster);
    return cluster;
  }

  /// Does what the service said; true: the request may pass.
  bool act(Exchange& x, AuthorizationAnswer& answer) const {
    switch (answer.what) {
      case What::kOk:
        count(x, Stat::kOk, OfCluster::kOk);
        change(x, answer);
        return true;
      case What::kDenied: deny(x, answer); return false;
      case What::kError: break;
    }
    count(x, Stat::kError, OfCluster::kError);
    if (config_->failure_allows) {
      count(x, Stat::kFailureAllowed, OfCluster::kFailureAllowed);
      if (config_->tell_of_failure) x.request().headers.set("x-envoy-auth-failure-mode-allowed", "true");
      return true;
    }
    x.info().set(ResponseFlag::kUnauthorizedExternalService);
    x.respond({.status = config_->status_on_error, .details = kErrorDetails});
    return false;
  }

  /// The answer lives as long as the exchange: its texts are not copied.
  void change(Exchange& x, const AuthorizationAnswer& answer) const {
    http::HeaderList& headers = x.request().headers;
    if (config_->clear_route && !(answer.set.empty() && answer.append.empty() && answer.remove.empty()))
      x.clear_route();
    for (const auto& [name, value] : answer.set) headers.set(name, value);
    for (const auto& [name, value] : answer.append) headers.add(name, value);
    for (const std::string& name : answer.remove) headers.remove(name);
  }

  void deny(Exchange& x, const AuthorizationAnswer& answer) const {
    if (upstream::WorkerCluster* cluster = count(x, Stat::kDenied, OfCluster::kDenied)) {
      cluster->stats().count_status(static_cast<size_t>(upstream::ClusterStatus::kRq), answer.status);
    }
    x.info().set(ResponseFlag::kUnauthorizedExternalService);
    auto* headers = x.arena().make<http::HeaderList>(x.arena());
    for (const auto& [name, value] : answer.response_set) headers->set(name, value);
    for (const auto& [name, value] : answer.response_append) headers->add(name, value);
    x.respond({.status = answer.status, .body = answer.body, .details = "ext_authz_denied", .headers = headers});
  }

  std::shared_ptr<const ExtAuthzConfig> config_;
  std::shared_ptr<observe::StatGroup> stats_;
  std::shared_ptr<observe::DynamicStats> by_cluster_;
};

}  // namespace

const observe::StatSchema kExtAuthzSchema{"http", kStats};

std::unique_ptr<Filter> make_ext_authz(std::shared_ptr<const ExtAuthzConfig> config,
                                       std::shared_ptr<observe::StatGroup> stats,
                                       std::shared_ptr<observe::DynamicStats> by_cluster) {
  return std::make_unique<ExtAuthz>(std::move(config), std::move(stats), std::move(by_cluster));
}

}  // namespace proa::filters
