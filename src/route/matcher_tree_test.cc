#include "route/matcher_tree.h"

#include <gtest/gtest.h>

#include "route/rbac.h"
#include "route/test_request.h"

namespace proa::route {
namespace {

using http::StringMatcher;
using From = MatchSource::From;

OnMatch act(std::string name, rbac::Action action = rbac::Action::kAllow) {
  auto made = std::make_shared<rbac::TreeAction>();
  made->name = std::move(name);
  made->action = action;
  return {made, nullptr, false};
}
MatchPredicate header(std::string name, std::string value) {
  return {MatchPredicate::Single{{From::kRequestHeader, std::move(name), {}}, StringMatcher::exact(std::move(value))}};
}
std::shared_ptr<const MatcherTree> tree(MatcherTree::Kind kind, std::optional<OnMatch> none = std::nullopt) {
  return MatcherTree::make(std::move(kind), std::move(none)).value();
}
std::string decided(const MatcherTree& tree, const TestRequest& request) {
  return std::string(rbac::decide(tree, {request.info}).name);
}

TEST(MatcherTree, a_list_takes_the_first_that_holds) {
  auto t = tree(MatcherTree::List{{{header("x", "1"), act("one")}, {header("y", "1"), act("two")}}}, act("none"));
  EXPECT_EQ(decided(*t, TestRequest("/", "h", {{"y", "1"}})), "two");
  EXPECT_EQ(decided(*t, TestRequest("/", "h", {{"x", "1"}, {"y", "1"}})), "one");
  EXPECT_EQ(decided(*t, TestRequest("/")), "none");
}

TEST(MatcherTree, prefixes_from_the_longest_down_also_where_it_leads_nowhere) {
  OnMatch nested;
  nested.matcher = tree(MatcherTree::List{{{header("x", "1"), act("nested")}}});
  auto t = tree(MatcherTree::PrefixMap{{From::kPath, "", {}}, {{"/a", act("a")}, {"/a/b", nested}, {"", act("all")}}});
  EXPECT_EQ(decided(*t, TestRequest("/a/b/c", "h", {{"x", "1"}})), "nested");
  EXPECT_EQ(decided(*t, TestRequest("/a/b/c")), "a");
  EXPECT_EQ(decided(*t, TestRequest("/z")), "all");
}

TEST(MatcherTree, exact_values_and_ranges) {
  auto exact = tree(MatcherTree::ExactMap{{From::kDestinationPort, "", {}}, {{"80", act("http")}}});
  TestRequest request("/");
  request.connection.local = net::Address::parse("10.0.0.1:80").value();
  request.connection.remote = net::Address::parse("10.1.2.3:9").value();
  EXPECT_EQ(decided(*exact, request), "http");
  auto ranges = tree(MatcherTree::RangeMap{{From::kSourceIp, "", {}},
                                           {{net::CidrRange::parse("10.0.0.0/8").value(), act("ten")},
                                            {net::CidrRange::parse("10.1.0.0/16").value(), act("sixteen")}}});
  EXPECT_EQ(decided(*ranges, request), "sixteen");
  request.connection.remote = net::Address::parse("10.2.2.3:9").value();
  EXPECT_EQ(decided(*ranges, request), "ten");
}

TEST(MatcherTree, kept_actions_are_told_and_matching_goes_on) {
  OnMatch kept = act("kept");
  kept.keep_matching = true;
  auto t = tree(MatcherTree::List{{{header("x", "1"), kept}, {header("x", "1"), act("final")}}});
  TestRequest request("/", "h", {{"x", "1"}});
  std::string seen;
  auto* action =
      t->match(request.info, [&](const MatchAction& a) { seen += static_cast<const rbac::TreeAction&>(a).name; });
  EXPECT_EQ(seen, "kept");
  EXPECT_EQ(static_cast<const rbac::TreeAction*>(action)->name, "final");
}

TEST(MatcherTree, rbac_denies_what_nothing_matches) {
  auto t =
      tree(MatcherTree::List{{{header("x", "1"), act("deny", rbac::Action::kDeny)}, {header("y", "1"), act("ok")}}});
  EXPECT_FALSE(rbac::decide(*t, {TestRequest("/").info}).allowed);
  EXPECT_FALSE(rbac::decide(*t, {TestRequest("/", "h", {{"x", "1"}}).info}).allowed);
  EXPECT_TRUE(rbac::decide(*t, {TestRequest("/", "h", {{"y", "1"}}).info}).allowed);
}

TEST(MatcherTree, malformed_trees_are_refused) {
  EXPECT_FALSE(MatcherTree::make(MatcherTree::List{{{header("x", "1"), OnMatch{}}}}, std::nullopt));
  auto deep = tree(MatcherTree::List{{{header("x", "1"), act("leaf")}}});
  for (int i = 0; i < 15; ++i) deep = tree(MatcherTree::List{{{header("x", "1"), OnMatch{nullptr, deep, false}}}});
  EXPECT_FALSE(MatcherTree::make(MatcherTree::List{{{header("x", "1"), OnMatch{nullptr, deep, false}}}}, std::nullopt));
}

}  // namespace
}  // namespace proa::route
