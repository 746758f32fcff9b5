#include "admin/explain.h"

#include "admin/listener_addresses.h"
#include "upstream/clusters.h"
#include "upstream/lb/host_set.h"

namespace proa::admin {
namespace {

class Running final : public proxy::InForce {
 public:
  explicit Running(Admin& admin) : admin_(admin) {}

  std::vector<std::shared_ptr<const proxy::ListenerConfig>> listeners() const override {
    return admin_.server().listeners();
  }
  std::vector<net::Address> addresses_of(const proxy::ListenerConfig& listener) const override {
    return admin::addresses_of(admin_.server(), listener);
  }
  std::optional<proxy::ExplainedCluster> cluster(const std::string& name) const override {
    std::shared_ptr<upstream::Cluster> found = admin_.started() ? admin_.server().clusters().get(name) : nullptr;
    if (!found) return std::nullopt;
    proxy::ExplainedCluster out{&found->spec(), {}};
    for (const auto& priority : found->hosts()->priorities()) {
      for (const upstream::HostRef& host : priority.hosts) {
        proxy::ExplainedHost entry{.address = host->address_text(),
                                   .health = upstream::health_flags_text(host->flags()),
                                   .priority = host->priority(),
                                   .weight = host->weight(),
                                   .healthy = host->health() == upstream::Health::kHealthy};
        proxy::explain_socket(found->spec(), host->metadata(), entry);
        out.hosts.push_back(std::move(entry));
      }
    }
    return out;
  }
  std::shared_ptr<const route::Runtime> runtime() override { return admin_.runtime.in_force(admin_.server()); }
  net::Loop& loop() override { return admin_.server().main_loop(); }

 private:
  Admin& admin_;
};

}  // namespace

Result<proxy::Explanation> explain(Admin& admin, const proxy::Question& question) {
  Running running(admin);
  return proxy::explain(running, question);
}

}  // namespace proa::admin
