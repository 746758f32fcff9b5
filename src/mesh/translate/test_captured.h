// What the tests of this folder share: the world of the captures, and the sidecar that istiod translated it for.
#pragma once

#include <gtest/gtest.h>

#include "envoy/config/core/v3/base.pb.h"
#include "mesh/model/test_objects.h"
#include "mesh/translate/proxy_node.h"

namespace proa::mesh {

struct Captured : testing::Test {
  Captured() {
    config::Problems problems;
    auto objects = read_objects(test_file("world.yaml"), problems);
    for (auto& object : read_objects(test_file("meshconfig.yaml"), problems, Kind::mesh_config)) {
      objects.push_back(std::move(object));
    }
    world = World::empty()->with(std::move(objects));
    envoy::config::core::v3::Node message;
    message.set_id("sidecar~127.0.1.1~productpage-1.shop~shop.svc.cluster.local");
    message.mutable_locality()->set_region("r1");
    message.mutable_locality()->set_zone("z1");
    message.mutable_locality()->set_sub_zone("s1");
    auto& metadata = *message.mutable_metadata()->mutable_fields();
    metadata["NAMESPACE"].set_string_value("shop");
    metadata["CLUSTER_ID"].set_string_value("bare");
    (*metadata["LABELS"].mutable_struct_value()->mutable_fields())["app"].set_string_value("productpage");
    node = *proxy_node(message);
  }

  std::shared_ptr<const World> world;
  ProxyNode node;
};

}  // namespace proa::mesh
