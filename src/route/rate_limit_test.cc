#include "route/rate_limit.h"

#include <gtest/gtest.h>

#include "route/test_request.h"

namespace proa::route {
namespace {

std::string text(const std::vector<Descriptor>& list) {
  std::string out;
  for (const Descriptor& d : list) {
    for (auto& [key, value] : d.entries) out += key + "=" + value + ";";
    out += d.hits_addend == 1 ? "|" : "x" + std::to_string(d.hits_addend) + "|";
  }
  return out;
}

std::string made(std::vector<LimitAction> actions, const TestRequest& request) {
  RateLimit limit;
  limit.actions = std::move(actions);
  return text(descriptors({limit}, 0, request.input(), "backend", "edge"));
}

observe::Formatter format(std::string_view text) {
  return observe::Formatter::compile(text, observe::FormatTarget::kBody, true).value();
}

TEST(RateLimit, actions_make_entries) {
  TestRequest request("/?p=v", "h", {{"x-user", "bob"}});
  request.connection.remote = net::Address::parse("10.1.2.3:9").value();
  EXPECT_EQ(made({limit::SourceCluster{}, limit::DestinationCluster{}, limit::RemoteAddress{}}, request),
            "source_cluster=edge;destination_cluster=backend;remote_address=10.1.2.3;|");
  EXPECT_EQ(made({limit::MaskedRemoteAddress{16, 64}}, request), "masked_remote_address=10.1.0.0/16;|");
  EXPECT_EQ(made({limit::RequestHeader{"x-user", "user", false}, limit::QueryParameter{"p", "param", false}}, request),
            "user=bob;param=v;|");
  EXPECT_EQ(made({limit::GenericKey{"generic_key", format("%REQ(x-user)%"), ""}}, request), "generic_key=bob;|");
}

TEST(RateLimit, an_absent_fact_drops_the_descriptor_unless_it_may_be_skipped) {
  TestRequest request("/");
  EXPECT_EQ(made({limit::RequestHeader{"x", "k", false}, limit::DestinationCluster{}}, request), "");
  EXPECT_EQ(made({limit::RequestHeader{"x", "k", true}, limit::DestinationCluster{}}, request),
            "destination_cluster=backend;|");
  EXPECT_EQ(made({limit::RequestHeader{"x", "k", true}}, request), "");
  EXPECT_EQ(made({limit::GenericKey{"k", format("%REQ(x)%"), "fallback"}}, request), "k=fallback;|");
}

TEST(RateLimit, matches_of_headers_and_query) {
  TestRequest request("/?a=1", "h", {{"x", "1"}});
  limit::HeaderValueMatch header;
  header.value = format("hit");
  header.headers.push_back(http::HeaderMatcher::make({"x", http::StringMatcher::exact("1")}).value());
  EXPECT_EQ(made({header}, request), "header_match=hit;|");
  header.expect_match = false;
  EXPECT_EQ(made({header}, request), "");
  limit::QueryValueMatch query;
  query.value = format("hit");
  query.parameters.push_back({"a", std::nullopt, true});
  EXPECT_EQ(made({query}, request), "query_match=hit;|");
}

TEST(RateLimit, metadata_and_its_default) {
  TestRequest request("/");
  limit::MetadataValue action;
  action.key = "k";
  action.space = "ns";
  action.path = {"id"};
  EXPECT_EQ(made({action}, request), "");
  observe::mutable_metadata(request.info, request.arena).root["ns"]["id"] = "7";
  EXPECT_EQ(made({action}, request), "k=7;|");
}

TEST(RateLimit, stages_and_hits) {
  TestRequest request("/", "h", {{"x-cost", "5"}});
  RateLimit one, two;
  one.actions = two.actions = {limit::DestinationCluster{}};
  two.stage = 1;
  two.hits_addend = format("%REQ(x-cost)%");
  EXPECT_EQ(text(descriptors({one, two}, 1, request.input(), "c", "")), "destination_cluster=c;x5|");
}

}  // namespace
}  // namespace proa::route
