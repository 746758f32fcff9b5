// A scripted proxy for the tests of sessions, in both protocols. Only in tests.
#pragma once

#include <gtest/gtest.h>

#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "envoy/config/cluster/v3/cluster.pb.h"
#include "envoy/service/discovery/v3/discovery.pb.h"
#include "mesh/push/session.h"

namespace proa::mesh {

namespace dv3 = envoy::service::discovery::v3;
using Names = std::set<std::string>;

inline std::shared_ptr<const Resource> resource(const std::string& name, const std::string& data) {
  auto out = std::make_shared<Resource>();
  out->name = name;
  out->body = "\x0a" + std::string(1, static_cast<char>(name.size())) + name + "\x12" +
              std::string(1, static_cast<char>(data.size())) + data;
  out->hash = std::hash<std::string>()(out->body);
  return out;
}

/// A cluster of type EDS.
inline std::shared_ptr<const Resource> eds_cluster(const std::string& name, const std::string& service, int seconds) {
  envoy::config::cluster::v3::Cluster cluster;
  cluster.set_name(name);
  cluster.mutable_eds_cluster_config()->set_service_name(service);
  cluster.mutable_connect_timeout()->set_seconds(seconds);
  auto out = std::make_shared<Resource>();
  out->name = name;
  out->body = cluster.SerializeAsString();
  out->hash = std::hash<std::string>()(out->body);
  return out;
}

/// What a proxy got in one response.
struct Got {
  std::string type_url, nonce, version;
  std::map<std::string, std::string> versions;  // delta
  Names names, removed;
  bool operator==(const Names& other) const { return names == other && removed.empty(); }
};

/// A session with a hand on it: the time, the world, the proxy.
class SessionTest : public testing::Test {
 protected:
  explicit SessionTest(bool delta) : delta_(delta) { reconnect(); }

  void reconnect(std::string type_url = {}) {
    session =
        delta_ ? make_delta_session(std::move(type_url), options) : make_sotw_session(std::move(type_url), options);
    node_said_ = false;
    session->update(current_);
  }

  // The world.

  void put(std::string_view type, const std::string& name, const std::string& data) {
    world_.types[std::string(type)][name] = resource(name, data);
  }
  void put(std::string_view type, std::shared_ptr<const Resource> made) {
    world_.types[std::string(type)][made->name] = std::move(made);
  }
  void erase(std::string_view type, const std::string& name) { world_.types[std::string(type)].erase(name); }
  void publish() { session->update(current_ = std::make_shared<const ResourceSet>(world_)); }

  // The proxy.

  template <class Request>
  Status send(Request& request) {
    if (!std::exchange(node_said_, true)) request.mutable_node()->set_id("test");
    return session->receive(request.SerializeAsString(), now, WallTime());
  }
  /// The next response; none: nothing is due.
  std::optional<Got> next() {
    auto bytes = session->next_response(now, WallTime());
    if (!bytes) return std::nullopt;
    return delta_ ? read_delta(*bytes) : read_sotw(*bytes);
  }
  /// The types of all responses that are due; nothing is answered.
  std::vector<std::string> order() {
    std::vector<std::string> out;
    while (auto got = next()) {
      out.push_back(got->type_url.substr(got->type_url.rfind('.') + 1));
      unanswered.push_back(*got);
    }
    return out;
  }

  static Got read_sotw(const std::string& bytes) {
    dv3::DiscoveryResponse response;
    EXPECT_TRUE(response.ParseFromString(bytes));
    EXPECT_EQ(response.control_plane().identifier(), "proa");
    Got got{response.type_url(), response.nonce(), response.version_info(), {}, {}, {}};
    for (const auto& any : response.resources()) {
      EXPECT_EQ(any.type_url(), response.type_url());
      EXPECT_TRUE(got.names.insert(name_in(any.value())).second) << "twice in one response";
    }
    return got;
  }
  static Got read_delta(const std::string& bytes) {
    dv3::DeltaDiscoveryResponse response;
    EXPECT_TRUE(response.ParseFromString(bytes));
    EXPECT_EQ(response.control_plane().identifier(), "proa");
    Got got{response.type_url(), response.nonce(), response.system_version_info(), {}, {}, {}};
    for (const auto& each : response.resources()) {
      EXPECT_EQ(each.resource().type_url(), response.type_url());
      EXPECT_EQ(each.name(), name_in(each.resource().value()));
      EXPECT_TRUE(got.names.insert(each.name()).second);
      got.versions[each.name()] = each.version();
    }
    got.removed.insert(response.removed_resources().begin(), response.removed_resources().end());
    return got;
  }
  static std::string name_in(const std::string& body) { return body.substr(2, static_cast<size_t>(body[1])); }

  ResourceStatus status(std::string_view type, const std::string& name) {
    ResourceStatus out;
    session->for_each_type([&](std::string_view type_url, const Subscription& subscription) {
      if (type_url == type && subscription.statuses().contains(name)) out = subscription.statuses().at(name);
    });
    return out;
  }

  SessionOptions options;
  std::unique_ptr<Session> session;
  MonoTime now{std::chrono::hours(1)};
  std::vector<Got> unanswered;

 private:
  const bool delta_;
  bool node_said_ = false;
  ResourceSet world_;
  std::shared_ptr<const ResourceSet> current_;
};

}  // namespace proa::mesh
