#include "mesh/translate/clusters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "envoy/config/cluster/v3/cluster.pb.h"
#include "mesh/translate/names.h"
#include "mesh/translate/test_captured.h"

namespace proa::mesh {
namespace {

using envoy::config::cluster::v3::Cluster;
using Clusters = std::map<std::string, Cluster>;

struct OutboundClusters : Captured {
  Clusters made() const {
    Clusters out;
    const auto add = [&](std::optional<Cluster> cluster) {
      if (cluster) out.emplace(cluster->name(), std::move(*cluster));
    };
    for (const auto& service : scope_of(*world, node).services) {
      const auto rule = rule_for(*world, node, *service);
      for (const ServicePort& port : service->ports) {
        add(outbound_cluster_of({*world, node, *service, port, rule.get()}));
        for (int i = 0; rule && i < rule->spec.subsets_size(); ++i) {
          add(outbound_cluster_of({*world, node, *service, port, rule.get(), &rule->spec.subsets(i)}));
        }
      }
    }
    add(black_hole_cluster(*world));
    add(passthrough_cluster(*world));
    add(inbound_passthrough_cluster(*world));
    return out;
  }
};

// But for the metadata exchange of TCP (its filter is of Istio's build alone), and the inbound cluster.
TEST_F(OutboundClusters, have_the_names_that_istiod_gave) {
  std::vector<std::string> here, there;
  for (const auto& [name, cluster] : made()) here.push_back(name);
  for (const auto& [name, cluster] : sent_by_istiod<Cluster>("productpage_clusters.json")) there.push_back(name);
  EXPECT_EQ(here, there);
}

TEST_F(OutboundClusters, say_what_istiod_said) {
  const Clusters wanted = sent_by_istiod<Cluster>("productpage_clusters.json");
  for (const auto& [name, cluster] : made()) {
    if (!wanted.contains(name)) continue;
    EXPECT_EQ(differences(wanted.at(name), cluster), "") << name;
  }
}

}  // namespace
}  // namespace proa::mesh
