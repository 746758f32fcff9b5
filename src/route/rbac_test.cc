#include "route/rbac.h"

#include <gtest/gtest.h>

#include "route/test_request.h"

namespace proa::route::rbac {
namespace {

using http::HeaderMatcher;
using http::StringMatcher;

Rule header(std::string name, StringMatcher matcher) {
  return {Header{HeaderMatcher::make({std::move(name), std::move(matcher)}).value()}};
}
Rule negated(Rule rule) { return {Not{std::make_shared<const Rule>(std::move(rule))}}; }
Rule path(std::string text) { return {UrlPath{StringMatcher::exact(std::move(text))}}; }
Rule cidr(std::string range, SourceOf of) { return {SourceIp{net::CidrRange::parse(range).value(), of}}; }
Rule principal(StringMatcher matcher) { return {Authenticated{std::move(matcher)}}; }

Policies policies(Action action, Rule permission, Rule who = {Any{}}, std::string name = "p") {
  Policies result;
  result.action = action;
  result.policies.push_back({std::move(name), {std::move(permission)}, {std::move(who)}});
  return result;
}

bool allowed(const Policies& policies, const TestRequest& request) { return decide(policies, {request.info}).allowed; }

TEST(Rbac, allow_lets_pass_what_matches_and_deny_the_rest) {
  TestRequest a("/a?x#y"), b("/b");
  EXPECT_TRUE(allowed(policies(Action::kAllow, path("/a")), a));
  EXPECT_FALSE(allowed(policies(Action::kAllow, path("/a")), b));
  EXPECT_FALSE(allowed(policies(Action::kDeny, path("/a")), a));
  EXPECT_TRUE(allowed(policies(Action::kDeny, path("/a")), b));
  EXPECT_FALSE(allowed(Policies{}, a));
  Policies none;
  none.action = Action::kDeny;
  EXPECT_TRUE(allowed(none, a));
}

TEST(Rbac, log_lets_everything_pass_and_marks_it) {
  TestRequest a("/a");
  Decision decision = decide(policies(Action::kLog, path("/a")), {a.info});
  EXPECT_TRUE(decision.allowed);
  EXPECT_TRUE(decision.log);
  EXPECT_FALSE(decide(policies(Action::kLog, path("/b")), {a.info}).log);
}

TEST(Rbac, the_matched_policy_is_named) {
  TestRequest a("/a");
  auto p = policies(Action::kDeny, path("/b"), {Any{}}, "first");
  p.policies.push_back({"second", {path("/a")}, {{Any{}}}});
  EXPECT_EQ(decide(p, {a.info}).policy->name, "second");
}

TEST(Rbac, permissions_and_principals_must_both_match) {
  TestRequest request("/a");
  request.connection.remote = net::Address::parse("10.0.0.1:1").value();
  EXPECT_TRUE(allowed(policies(Action::kAllow, path("/a"), cidr("10.0.0.0/8", SourceOf::kRemote)), request));
  EXPECT_FALSE(allowed(policies(Action::kAllow, path("/a"), cidr("11.0.0.0/8", SourceOf::kRemote)), request));
  EXPECT_FALSE(allowed(policies(Action::kAllow, path("/b"), cidr("10.0.0.0/8", SourceOf::kRemote)), request));
}

TEST(Rbac, each_source_address_is_its_own) {
  TestRequest request("/");
  auto trusted = net::Address::parse("1.1.1.1:1").value();
  request.info.remote_address = &trusted;
  request.connection.remote = net::Address::parse("2.2.2.2:1").value();
  request.connection.direct_remote = net::Address::parse("3.3.3.3:1").value();
  auto pass = [&](std::string ip, SourceOf of) {
    return allowed(policies(Action::kAllow, {Any{}}, cidr(std::move(ip), of)), request);
  };
  EXPECT_TRUE(pass("1.1.1.1", SourceOf::kRemote));
  EXPECT_TRUE(pass("2.2.2.2", SourceOf::kConnection));
  EXPECT_TRUE(pass("3.3.3.3", SourceOf::kDirect));
  EXPECT_FALSE(pass("1.1.1.1", SourceOf::kDirect));
}

TEST(Rbac, destination_address_port_and_server_name) {
  TestRequest request("/");
  request.connection.local = net::Address::parse("10.0.0.1:8080").value();
  request.connection.sni = "db.example.com";
  auto pass = [&](Rule rule) { return allowed(policies(Action::kAllow, std::move(rule)), request); };
  EXPECT_TRUE(pass({DestinationIp{net::CidrRange::parse("10.0.0.0/24").value()}}));
  EXPECT_TRUE(pass({DestinationPort{8080, 8080}}));
  EXPECT_FALSE(pass({DestinationPort{1, 8079}}));
  EXPECT_TRUE(pass({ServerName{StringMatcher::suffix(".example.com")}}));
}

TEST(Rbac, only_a_verified_certificate_names_its_owner) {
  TestRequest request("/");
  auto tls = std::make_shared<net::TlsInfo>();
  tls->presented = true;
  auto peer = std::make_shared<net::CertificateInfo>();
  tls->peer = peer;
  peer->uri_sans = {"spiffe://td/ns/a/sa/b"};
  peer->dns_sans = {"a.com"};
  request.connection.tls = tls;
  auto pass = [&](Rule rule) { return allowed(policies(Action::kAllow, {Any{}}, std::move(rule)), request); };
  EXPECT_FALSE(pass(principal(StringMatcher::exact("spiffe://td/ns/a/sa/b"))));
  tls->validated = true;
  EXPECT_TRUE(pass(principal(StringMatcher::exact("spiffe://td/ns/a/sa/b"))));
  EXPECT_FALSE(pass(principal(StringMatcher::exact("a.com"))));  // URI SANs come first
  EXPECT_TRUE(pass({Authenticated{}}));
  peer->uri_sans.clear();
  EXPECT_TRUE(pass(principal(StringMatcher::exact("a.com"))));
  peer->dns_sans.clear();
  peer->subject = "CN=a";
  EXPECT_TRUE(pass(principal(StringMatcher::exact("CN=a"))));
}

TEST(Rbac, rules_about_requests_do_not_match_connections) {
  TestRequest request("/a");
  request.info.request = nullptr;
  EXPECT_FALSE(allowed(policies(Action::kAllow, path("/a")), request));
  EXPECT_TRUE(allowed(policies(Action::kAllow, {Any{}}), request));
}

TEST(Rbac, sets_and_negation) {
  TestRequest request("/a", "h", {{"x", "1"}});
  auto one = header("x", StringMatcher::exact("1")), two = header("x", StringMatcher::exact("2"));
  auto pass = [&](Rule rule) { return allowed(policies(Action::kAllow, std::move(rule)), request); };
  EXPECT_TRUE(pass({AllOf{{one, path("/a")}}}));
  EXPECT_FALSE(pass({AllOf{{one, two}}}));
  EXPECT_TRUE(pass({AnyOf{{two, one}}}));
  EXPECT_TRUE(pass(negated(two)));
  EXPECT_FALSE(pass(negated(one)));
}

// Threats P4, CVE-2026-26308: by action, by values.
TEST(Rbac, a_repeated_header_cannot_slip_through) {
  TestRequest twice("/", "h", {{"role", "user"}, {"role", "admin"}});
  auto admin = header("role", StringMatcher::exact("admin"));
  auto user = header("role", StringMatcher::exact("user"));
  EXPECT_FALSE(allowed(policies(Action::kDeny, admin), twice));
  EXPECT_FALSE(allowed(policies(Action::kAllow, user), twice));
  // "allow unless admin" and "deny unless user" must not be fooled either.
  EXPECT_FALSE(allowed(policies(Action::kAllow, negated(admin)), twice));
  EXPECT_FALSE(allowed(policies(Action::kDeny, negated(user)), twice));
  TestRequest once("/", "h", {{"role", "user"}});
  EXPECT_TRUE(allowed(policies(Action::kDeny, admin), once));
  EXPECT_TRUE(allowed(policies(Action::kAllow, user), once));
  EXPECT_TRUE(allowed(policies(Action::kAllow, negated(admin)), once));
  EXPECT_TRUE(allowed(policies(Action::kDeny, negated(user)), once));
}

}  // namespace
}  // namespace proa::route::rbac
