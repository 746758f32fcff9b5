// Control planes for the test with random schedules: what the protocol asks of a server, and the worst it permits.
#pragma once

#include <deque>
#include <map>
#include <set>
#include <string>

#include "base/random.h"
#include "xds/test_protocol.h"

namespace proa::xds {

/// What a server has: type -> name -> data. Each change of a type is a version of it.
struct World {
  using Resources = std::map<std::string, int>;
  void put(const std::string& type, const std::string& name, int data) {
    types[type][name] = data;
    ++versions[type];
  }
  void erase(const std::string& type, const std::string& name) {
    if (types[type].erase(name) > 0) ++versions[type];
  }
  std::map<std::string, Resources> types;
  std::map<std::string, int> versions;
};

/// One stream of one server. It speaks when told to.
class TestServer {
 public:
  TestServer(World& world, Random& random) : world_(world), random_(random) {}
  virtual ~TestServer() = default;

  virtual void request(const std::string& bytes) = 0;
  /// Sends something that is due; false when nothing is.
  virtual bool push() = 0;
  /// Sends a response that must be refused.
  virtual void send_faulty() = 0;

  std::deque<std::string> responses;

 protected:
  std::string next_nonce() { return "n" + std::to_string(++nonces_); }
  bool coin() { return random_.below(2) == 0; }

  World& world_;
  Random& random_;

 private:
  int nonces_ = 0;
};

class SotwServer final : public TestServer {
 public:
  using TestServer::TestServer;

  void request(const std::string& bytes) override {
    dv3::DiscoveryRequest request;
    ASSERT_TRUE(request.ParseFromString(bytes));
    const bool first = !streams_.contains(request.type_url());
    Type& type = streams_[request.type_url()];
    if (request.response_nonce() != type.nonce) {
      ASSERT_FALSE(first) << "a nonce of another stream: " << request.response_nonce();
      return;  // stale: ignored whole
    }
    std::set<std::string> names(request.resource_names().begin(), request.resource_names().end());
    type.said_names = type.said_names || !names.empty();
    type.wildcard = names.contains("*") || !type.said_names;
    // A server that believes the version has nothing to say.
    const std::string now = std::to_string(world_.versions[request.type_url()]);
    if (first && request.version_info() == now) {
      for (const auto& [name, data] : world_.types[request.type_url()]) {
        if (type.wildcard || names.contains(name)) type.sent[name] = data;
      }
      type.answered = true;
    }
    std::erase_if(type.sent, [&](const auto& entry) { return !type.wildcard && !names.contains(entry.first); });
    type.names = std::move(names);
  }

  bool push() override {
    for (auto& [url, type] : streams_) {
      if (due(url, type)) return send(url, type), true;
    }
    return false;
  }

  void send_faulty() override {
    if (streams_.empty()) return;
    auto& [url, type] = *streams_.begin();
    dv3::DiscoveryResponse response = begin(url, type);
    *response.add_resources() = resource(url, "faulty", "1");
    *response.add_resources() = coin() ? resource(url, "faulty", "2") : resource("x", "other");
    type.answered = false;  // what it lacks is gone now
    type.sent.clear();
    responses.push_back(response.SerializeAsString());
  }

 private:
  struct Type {
    std::string nonce;
    std::set<std::string> names;
    std::map<std::string, int> sent;
    bool wildcard = false, said_names = false, answered = false;
  };

  bool wanted(const Type& type, const std::string& name) const { return type.wildcard || type.names.contains(name); }
  bool due(const std::string& url, const Type& type) {
    const World::Resources& all = world_.types[url];
    if (type.wildcard && !type.answered) return true;
    for (const auto& [name, data] : all) {
      auto sent = type.sent.find(name);
      if (wanted(type, name) && (sent == type.sent.end() || sent->second != data)) return true;
    }
    return full_state(url) && std::ranges::any_of(type.sent, [&](const auto& at) { return !all.contains(at.first); });
  }
  dv3::DiscoveryResponse begin(const std::string& url, Type& type) {
    dv3::DiscoveryResponse response;
    response.set_type_url(url);
    response.set_version_info(std::to_string(world_.versions[url]));
    response.set_nonce(type.nonce = next_nonce());
    return response;
  }
  void send(const std::string& url, Type& type) {
    dv3::DiscoveryResponse response = begin(url, type);
    type.answered = true;
    if (full_state(url)) type.sent.clear();
    for (const auto& [name, data] : world_.types[url]) {
      auto sent = type.sent.find(name);
      const bool news = sent == type.sent.end() || sent->second != data;
      if (!wanted(type, name) || (!full_state(url) && !news && coin())) continue;
      *response.add_resources() = resource(url, name, std::to_string(data));
      type.sent[name] = data;
    }
    responses.push_back(response.SerializeAsString());
  }

  std::map<std::string, Type> streams_;
};

class DeltaServer final : public TestServer {
 public:
  using TestServer::TestServer;

  void request(const std::string& bytes) override {
    dv3::DeltaDiscoveryRequest request;
    ASSERT_TRUE(request.ParseFromString(bytes));
    const bool first = !streams_.contains(request.type_url());
    Type& type = streams_[request.type_url()];
    const bool changes = request.resource_names_subscribe_size() + request.resource_names_unsubscribe_size() > 0;
    if (!request.response_nonce().empty()) {
      ASSERT_FALSE(first || changes) << "an acknowledgement only acknowledges";
      ASSERT_EQ(request.response_nonce(), unanswered_.front()) << "in order";
      return unanswered_.pop_front();
    }
    ASSERT_TRUE(first || changes) << "a request that says nothing";
    ASSERT_TRUE(first || request.initial_resource_versions().empty());
    if (first) {
      type.wildcard = request.resource_names_subscribe().empty();
      for (const auto& [name, version] : request.initial_resource_versions()) type.known[name] = std::stoi(version);
    }
    for (const std::string& name : request.resource_names_subscribe()) {
      if (name == "*") {
        type.wildcard = true;
        continue;
      }
      type.names.insert(name);
      if (!first) type.known.erase(name);  // what is subscribed to again is sent again
      if (!type.known.contains(name)) type.unanswered.insert(name);
    }
    for (const std::string& name : request.resource_names_unsubscribe()) unsubscribe(type, name);
  }

  bool push() override {
    for (auto& [url, type] : streams_) {
      if (send(url, type)) return true;
    }
    return false;
  }

  void send_faulty() override {
    if (streams_.empty()) return;
    const std::string& url = streams_.begin()->first;
    dv3::DeltaDiscoveryResponse response = begin(url);
    add(response, "faulty", 1);
    coin() ? add(response, "faulty", 2) : response.add_removed_resources("faulty");
    responses.push_back(response.SerializeAsString());
  }

 private:
  struct Type {
    std::set<std::string> names;
    std::map<std::string, int> known;  // what the client must have
    std::set<std::string> unanswered;  // asked for; to be sent, or said not to exist
    bool wildcard = false;
  };

  static void unsubscribe(Type& type, const std::string& name) {
    if (name == "*") {
      type.wildcard = false;
      std::erase_if(type.known, [&](const auto& entry) { return !type.names.contains(entry.first); });
      return;
    }
    type.names.erase(name);
    type.known.erase(name);
    type.unanswered.erase(name);
    if (type.wildcard) type.unanswered.insert(name);  // the resource, or that it is gone
  }
  dv3::DeltaDiscoveryResponse begin(const std::string& url) {
    dv3::DeltaDiscoveryResponse response;
    response.set_type_url(url);
    response.set_nonce(next_nonce());
    unanswered_.push_back(response.nonce());
    return response;
  }
  static void add(dv3::DeltaDiscoveryResponse& response, const std::string& name, int data) {
    dv3::Resource& added = *response.add_resources();
    added.set_name(name);
    added.set_version(std::to_string(data));
    *added.mutable_resource() = resource(response.type_url(), name, added.version());
  }
  /// Some of what is due, at least one.
  bool send(const std::string& url, Type& type) {
    const World::Resources& all = world_.types[url];
    std::set<std::string> due = type.unanswered;
    for (const auto& [name, data] : all) {
      auto known = type.known.find(name);
      const bool news = known == type.known.end() || known->second != data;
      if (news && (type.wildcard || type.names.contains(name))) due.insert(name);
    }
    for (const auto& [name, data] : type.known) {
      if (!all.contains(name)) due.insert(name);
    }
    if (due.empty()) return false;
    dv3::DeltaDiscoveryResponse response = begin(url);
    for (const std::string& name : due) {
      if (coin() && name != *due.begin()) continue;
      type.unanswered.erase(name);
      auto there = all.find(name);
      if (there == all.end()) {
        response.add_removed_resources(name);
        type.known.erase(name);
      } else {
        add(response, name, there->second);
        type.known[name] = there->second;
      }
    }
    responses.push_back(response.SerializeAsString());
    return true;
  }

  std::map<std::string, Type> streams_;
  std::deque<std::string> unanswered_;
};

}  // namespace proa::xds
