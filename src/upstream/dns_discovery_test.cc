#include "upstream/dns_discovery.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "upstream/endpoint_source.h"
#include "upstream/test_upstreams.h"

namespace proa::upstream {
namespace {

/// Answers in a later turn, from a script.
class FakeNames final : public NameResolver {
 public:
  explicit FakeNames(net::TestLoop& loop) : loop_(loop) {}
  std::unique_ptr<Question> resolve(const std::string& name, net::DnsFamily, net::DnsCallback callback) override {
    struct Asked final : Question {
      std::shared_ptr<bool> alive = std::make_shared<bool>(true);
      ~Asked() override { *alive = false; }
    };
    ++asked;
    auto question = std::make_unique<Asked>();
    Result<net::DnsAnswer> answer = fails ? Result<net::DnsAnswer>(fail("SERVFAIL")) : answers[name];
    loop_->post([alive = question->alive, answer = std::move(answer), callback = std::move(callback)]() mutable {
      if (*alive) callback(std::move(answer));
    });
    return question;
  }
  void set(const std::string& name, std::vector<std::string> ips, int ttl = 0) {
    net::DnsAnswer answer;
    for (const auto& ip : ips) answer.addresses.push_back(*net::Address::parse_ip(ip, 0));
    answer.ttl = std::chrono::seconds(ttl);
    answers[name] = answer;
  }
  std::map<std::string, net::DnsAnswer> answers;
  bool fails = false;
  int asked = 0;

 private:
  net::TestLoop& loop_;
};

class DnsTest : public testing::Test, public ClusterFixture {
 protected:
  void begin(DiscoveryType type = DiscoveryType::kStrictDns) {
    ClusterSpec spec;
    spec.name = "dns";
    spec.type = type;
    spec.dns = dns;
    Endpoint named;
    named.dns_name = "backend.example";
    named.port = 8080;
    spec.assignment.localities.push_back({{}, 0, 0, {named}});
    ClusterContext context;
    context.registry = &registry;
    context.main_loop = &*loop;
    context.connections = &upstreams;
    context.names = &names;
    cluster = std::make_shared<Cluster>(std::move(spec), context);
    cluster->start([this] { ready = true; });
    loop.settle();
  }
  std::vector<std::string> hosts() {
    std::vector<std::string> out;
    for (const auto& member : cluster->members()) out.push_back(member.host->address_text());
    std::sort(out.begin(), out.end());
    return out;
  }
  using Texts = std::vector<std::string>;
  std::shared_ptr<DnsSpec> dns = std::make_shared<DnsSpec>();
  FakeNames names{loop};
};

TEST_F(DnsTest, every_address_of_a_strict_name_is_a_host) {
  names.set("backend.example", {"10.0.0.2", "10.0.0.1", "::1"});
  begin();
  EXPECT_TRUE(ready);
  EXPECT_EQ(hosts(), (Texts{"10.0.0.1:8080", "10.0.0.2:8080", "[::1]:8080"}));
  EXPECT_EQ(cluster->members()[0].host->hostname(), "backend.example");
}

TEST_F(DnsTest, a_refresh_brings_changes_and_ignores_the_order) {
  names.set("backend.example", {"10.0.0.1", "10.0.0.2"});
  begin();
  names.set("backend.example", {"10.0.0.2", "10.0.0.1"});
  loop.run_for(Milliseconds(5'001));
  EXPECT_EQ(stat(ClusterStat::kUpdateNoRebuild), 1);
  names.set("backend.example", {"10.0.0.2", "10.0.0.3"});
  loop.run_for(Milliseconds(5'001));
  EXPECT_EQ(hosts(), (Texts{"10.0.0.2:8080", "10.0.0.3:8080"}));
  EXPECT_EQ(stat(ClusterStat::kMembershipChange), 1);
}

TEST_F(DnsTest, the_time_to_live_is_respected_when_asked_for) {
  dns->respect_ttl = true;
  names.set("backend.example", {"10.0.0.1"}, 60);
  begin();
  loop.run_for(Milliseconds(50'000));
  EXPECT_EQ(names.asked, 1);
  loop.run_for(Milliseconds(11'000));
  EXPECT_EQ(names.asked, 2);
}

TEST_F(DnsTest, a_time_to_live_of_zero_means_the_refresh_rate) {
  dns->respect_ttl = true;
  names.set("backend.example", {"10.0.0.1"}, 0);
  begin();
  loop.run_for(Milliseconds(20'100));
  EXPECT_EQ(names.asked, 5);
}

TEST_F(DnsTest, a_failure_keeps_the_last_good_answer_and_backs_off) {
  names.set("backend.example", {"10.0.0.1"});
  dns->refresh_rate = Milliseconds(1'000);
  begin();
  names.fails = true;
  loop.run_for(Milliseconds(60'000));
  EXPECT_EQ(hosts(), (Texts{"10.0.0.1:8080"}));
  EXPECT_LT(names.asked, 25);  // 1, 2, 4, 8, 10, 10 ... seconds with jitter, not 60
  EXPECT_GT(stat(ClusterStat::kUpdateFailure), 3);
}

TEST_F(DnsTest, a_first_failure_makes_ready_without_hosts) {
  names.fails = true;
  begin();
  EXPECT_TRUE(ready);
  EXPECT_TRUE(hosts().empty());
  names.fails = false;
  names.set("backend.example", {"10.0.0.1"});
  loop.run_for(Milliseconds(5'100));
  EXPECT_EQ(hosts(), (Texts{"10.0.0.1:8080"}));
}

TEST_F(DnsTest, a_name_without_addresses_keeps_the_old_ones_for_a_while) {
  names.set("backend.example", {"10.0.0.1"});
  dns->max_stale = Milliseconds(30'000);
  dns->failure_max = Milliseconds(5'000);
  begin();
  names.set("backend.example", {});
  loop.run_for(Milliseconds(20'000));
  EXPECT_EQ(hosts(), (Texts{"10.0.0.1:8080"}));
  loop.run_for(Milliseconds(20'000));
  EXPECT_TRUE(hosts().empty());
}

TEST_F(DnsTest, a_logical_name_stays_with_one_address_while_it_is_listed_and_works) {
  names.set("backend.example", {"10.0.0.1", "10.0.0.2"});
  begin(DiscoveryType::kLogicalDns);
  EXPECT_EQ(hosts(), (Texts{"10.0.0.1:8080"}));
  names.set("backend.example", {"10.0.0.2", "10.0.0.1"});
  loop.run_for(Milliseconds(5'001));
  EXPECT_EQ(hosts(), (Texts{"10.0.0.1:8080"}));
  cluster->members()[0].host->hot.cx_connect_fail.fetch_add(1);
  loop.run_for(Milliseconds(5'001));
  EXPECT_EQ(hosts(), (Texts{"10.0.0.2:8080"}));
  names.set("backend.example", {"10.0.0.3"});
  loop.run_for(Milliseconds(5'001));
  EXPECT_EQ(hosts(), (Texts{"10.0.0.3:8080"}));
}

TEST_F(DnsTest, pushed_endpoints_make_an_eds_cluster_ready) {
  struct Source final : EndpointSource {
    void subscribe(std::function<void(Assignment)> f) override { push = std::move(f); }
    void unsubscribe() override { push = nullptr; }
    std::function<void(Assignment)> push;
  };
  auto source = std::make_shared<Source>();
  ClusterSpec spec;
  spec.name = "eds";
  spec.type = DiscoveryType::kEds;
  spec.endpoints = source;
  use(std::move(spec));
  EXPECT_FALSE(ready);
  Assignment first;
  first.localities.push_back({{}, 0, 0, {endpoint("10.0.0.1:80")}});
  source->push(first);
  EXPECT_TRUE(ready);
  EXPECT_EQ(hosts(), (Texts{"10.0.0.1:80"}));
}

}  // namespace
}  // namespace proa::upstream
