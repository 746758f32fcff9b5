// What the tests of this folder share: the world of the captures, and the sidecar that istiod translated it for.
#pragma once

#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string>

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
    metadata["MESH_ID"].set_string_value("cluster.local");
    (*metadata["LABELS"].mutable_struct_value()->mutable_fields())["app"].set_string_value("productpage");
    message.add_extensions()->set_name("istio.stats");
    node = *proxy_node(message);
  }

  /// What istiod sent, by name: a file of testdata/ with a list of messages. In listeners the filters of Istio's own are
  /// written as TypedStructs, since their messages are not known here.
  template <class Message>
  static std::map<std::string, Message> sent_by_istiod(const std::string& file) {
    std::map<std::string, Message> out;
    for (const auto& each : nlohmann::json::parse(test_file(file))) {
      Message message;
      const auto status = google::protobuf::util::JsonStringToMessage(each.dump(), &message);
      EXPECT_TRUE(status.ok()) << status.ToString();
      out.emplace(message.name(), message);
    }
    return out;
  }

  static std::string differences(const google::protobuf::Message& wanted, const google::protobuf::Message& made) {
    std::string out;
    google::protobuf::util::MessageDifferencer differencer;
    differencer.ReportDifferencesToString(&out);
    differencer.Compare(wanted, made);
    return out;
  }

  std::shared_ptr<const World> world;
  ProxyNode node;
};

}  // namespace proa::mesh
