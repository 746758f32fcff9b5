#include "mesh/translate/clusters.h"

#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>

#include "envoy/config/cluster/v3/cluster.pb.h"
#include "mesh/translate/names.h"
#include "mesh/translate/test_captured.h"

namespace proa::mesh {
namespace {

using envoy::config::cluster::v3::Cluster;
using Clusters = std::map<std::string, Cluster>;

/// What istiod sent to the sidecar of productpage, but for its metadata exchange and the inbound cluster.
Clusters sent_by_istiod() {
  Clusters out;
  for (const auto& each : nlohmann::json::parse(test_file("productpage_clusters.json"))) {
    Cluster cluster;
    const auto status = google::protobuf::util::JsonStringToMessage(each.dump(), &cluster);
    EXPECT_TRUE(status.ok()) << status.ToString();
    out.emplace(cluster.name(), cluster);
  }
  return out;
}

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

TEST_F(OutboundClusters, have_the_names_that_istiod_gave) {
  std::vector<std::string> here, there;
  for (const auto& [name, cluster] : made()) here.push_back(name);
  for (const auto& [name, cluster] : sent_by_istiod()) there.push_back(name);
  EXPECT_EQ(here, there);
}

TEST_F(OutboundClusters, say_what_istiod_said) {
  const Clusters wanted = sent_by_istiod();
  for (const auto& [name, cluster] : made()) {
    if (!wanted.contains(name)) continue;
    std::string differences;
    google::protobuf::util::MessageDifferencer differencer;
    differencer.ReportDifferencesToString(&differences);
    differencer.Compare(wanted.at(name), cluster);
    EXPECT_EQ(differences, "") << name;
  }
}

}  // namespace
}  // namespace proa::mesh
