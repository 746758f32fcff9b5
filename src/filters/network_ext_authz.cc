// A service outside says whether a connection may be served.
#include "filters/asking_filter.h"
#include "filters/ext_authz.h"
#include "net/loop.h"
#include "net/timer.h"

namespace proa::filters {
namespace {

using What = AuthorizationAnswer::What;

enum class Stat { kTotal, kOk, kDenied, kError, kDisabled, kFailureAllowed, kActive };
constexpr observe::StatDef kStats[] = {{"total"},
                                       {"ok"},
                                       {"denied"},
                                       {"error"},
                                       {"disabled"},
                                       {"failure_mode_allowed"},
                                       {"active", observe::StatKind::kGauge}};

class NetworkExtAuthz final : public AskingFilter {
 public:
  NetworkExtAuthz(std::shared_ptr<const ExtAuthzConfig> config, std::shared_ptr<observe::StatGroup> stats)
      : config_(std::move(config)), stats_(std::move(stats)) {}

  bool admit(observe::StreamInfo&, Arena&) const override { return true; }

  std::optional<Foreseen> foresee(observe::StreamInfo& info, Arena&) const override {
    if (config_->enabled_by_metadata && !config_->enabled_by_metadata->matches(info)) {
      return Foreseen{.why = "does not ask about it"};
    }
    return Foreseen{Foreseen::What::kAsk, "asks " + config_->service.cluster};
  }

  std::unique_ptr<PendingAdmission> ask(observe::StreamInfo& info, upstream::Clusters& clusters, net::Loop& loop,
                                        std::function<void(bool)> done) const override {
    if (config_->enabled_by_metadata && !config_->enabled_by_metadata->matches(info)) {
      stats_->add(Stat::kDisabled);
      return nullptr;
    }
    return std::make_unique<Pending>(*this, info, clusters, loop, std::move(done));
  }

 private:
  class Pending final : public PendingAdmission {
   public:
    Pending(const NetworkExtAuthz& filter, observe::StreamInfo& info, upstream::Clusters& clusters, net::Loop& loop,
            std::function<void(bool)> done)
        : filter_(filter), info_(info), timer_(net::Timer::of<&Pending::on_timeout>(this)) {
      filter.stats_->add(Stat::kTotal);
      filter.stats_->add(Stat::kActive);
      timer_.start(loop, filter.config_->service.timeout);
      call_ = make_authorization_call(filter.config_->service, clusters);
      call_->start(info, {}, [this](const AuthorizationAnswer& answer) { on_answer(answer.what); });
      done_ = std::move(done);  // from now on: before, answer() tells
    }
    ~Pending() override {
      timer_.stop();
      filter_.stats_->sub(Stat::kActive);
    }
    std::optional<bool> answer() const override { return answer_; }

   private:
    void on_timeout() {
      call_.reset();
      on_answer(What::kError);
    }
    void on_answer(What what) {
      if (answer_) return;
      timer_.stop();
      answer_ = filter_.act(what, info_);
      if (done_) done_(*answer_);  // may destroy this
    }

    const NetworkExtAuthz& filter_;
    observe::StreamInfo& info_;
    net::Timer timer_;
    std::unique_ptr<AuthorizationCall> call_;
    std::function<void(bool)> done_;
    std::optional<bool> answer_;
  };

  bool act(What what, observe::StreamInfo& info) const {
    if (what == What::kOk) {
      stats_->add(Stat::kOk);
      return true;
    }
    if (what == What::kError) {
      stats_->add(Stat::kError);
      if (config_->failure_allows) {
        stats_->add(Stat::kFailureAllowed);
        return true;
      }
    } else {
      stats_->add(Stat::kDenied);
    }
    info.set(observe::ResponseFlag::kUnauthorizedExternalService);
    const std::string_view details = what == What::kError ? "ext_authz_error" : "ext_authz_denied";
    info.response_code_details = info.connection_termination_details = details;
    return false;
  }

  std::shared_ptr<const ExtAuthzConfig> config_;
  std::shared_ptr<observe::StatGroup> stats_;
};

}  // namespace

const observe::StatSchema kNetworkExtAuthzSchema{"ext_authz", kStats};

std::unique_ptr<NetworkFilter> make_network_ext_authz(std::shared_ptr<const ExtAuthzConfig> config,
                                                      std::shared_ptr<observe::StatGroup> stats) {
  return std::make_unique<NetworkExtAuthz>(std::move(config), std::move(stats));
}

}  // namespace proa::filters
