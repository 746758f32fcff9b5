#include "redirect/iptables_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace proa::redirect {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

const IptablesTable& nat(const IptablesState& state) { return state[static_cast<size_t>(Table::nat)]; }
const IptablesTable& mangle(const IptablesState& state) { return state[static_cast<size_t>(Table::mangle)]; }
const IptablesTable& raw(const IptablesState& state) { return state[static_cast<size_t>(Table::raw)]; }

// The shape that istio-iptables' rules have: interception.md, section 4.
TEST(IptablesText, redirect_of_everything) {
  const IptablesTable table = nat(iptables_state(rules_of({}), Family::ipv4));
  EXPECT_THAT(
      table.rules,
      ElementsAre(
          "-A PROA_INBOUND -p tcp -m tcp --dport 15008 -j RETURN", "-A PROA_INBOUND -p tcp -m tcp --dport 22 -j RETURN",
          "-A PROA_INBOUND -p tcp -m tcp --dport 15020 -j RETURN",
          "-A PROA_INBOUND -p tcp -m tcp --dport 15021 -j RETURN",
          "-A PROA_INBOUND -p tcp -m tcp --dport 15090 -j RETURN", "-A PROA_INBOUND -p tcp -j PROA_IN_REDIRECT",
          "-A PROA_IN_REDIRECT -p tcp -j REDIRECT --to-ports 15006", "-A PROA_OUTPUT -s 127.0.0.6/32 -o lo -j RETURN",
          "-A PROA_OUTPUT ! -d 127.0.0.1/32 -o lo -p tcp -m tcp ! --dport 15008 -m owner --uid-owner 1337 -j "
          "PROA_IN_REDIRECT",
          "-A PROA_OUTPUT ! -d 127.0.0.1/32 -o lo -p tcp -m tcp ! --dport 15008 -m owner --gid-owner 1337 -j "
          "PROA_IN_REDIRECT",
          "-A PROA_OUTPUT -o lo -m owner ! --uid-owner 1337 -m owner ! --gid-owner 1337 -j RETURN",
          "-A PROA_OUTPUT -m owner --uid-owner 1337 -j RETURN", "-A PROA_OUTPUT -m owner --gid-owner 1337 -j RETURN",
          "-A PROA_OUTPUT -d 127.0.0.1/32 -j RETURN", "-A PROA_OUTPUT -j PROA_REDIRECT",
          "-A PROA_PREROUTING -p tcp -j PROA_INBOUND", "-A PROA_REDIRECT -p tcp -j REDIRECT --to-ports 15001"));
  EXPECT_THAT(table.jumps, ElementsAre("-A PREROUTING -j PROA_PREROUTING", "-A OUTPUT -j PROA_OUTPUT"));
  const IptablesTable six = nat(iptables_state(rules_of({}), Family::ipv6));
  EXPECT_THAT(six.rules, Contains("-A PROA_OUTPUT -s ::6/128 -o lo -j RETURN"));
  EXPECT_THAT(six.rules, Contains("-A PROA_OUTPUT -d ::1/128 -j RETURN"));
  EXPECT_THAT(six.rules, Not(Contains(HasSubstr("127.0.0."))));
}

TEST(IptablesText, includes_and_excludes) {
  Options options;
  options.inbound_ports = {.list = {8080}};
  options.outbound_ranges = {.list = {*net::CidrRange::parse("10.0.0.0/8"), *net::CidrRange::parse("fd00::/8")}};
  options.exclude_outbound_ranges = {*net::CidrRange::parse("10.9.0.0/16")};
  options.outbound_ports = {9000};
  options.exclude_outbound_ports = {53};
  options.capture_groups = {7, 8};
  options.exclude_interfaces = {"eth1"};
  options.virtual_interfaces = {"net+"};
  const std::vector<std::string> rules = nat(iptables_state(rules_of(options), Family::ipv4)).rules;
  EXPECT_THAT(rules, Contains("-A PROA_INBOUND -p tcp -m tcp --dport 8080 -j PROA_IN_REDIRECT"));
  EXPECT_THAT(rules, Not(Contains("-A PROA_INBOUND -p tcp -j PROA_IN_REDIRECT")));
  EXPECT_THAT(rules, Contains("-A PROA_OUTPUT -p udp -m udp --dport 53 -j RETURN"));
  EXPECT_THAT(rules, Contains("-A PROA_OUTPUT -m owner ! --gid-owner 7 -m owner ! --gid-owner 8 -j RETURN"));
  EXPECT_THAT(rules, Contains("-A PROA_PREROUTING -d 10.0.0.0/8 -i net+ -j PROA_REDIRECT"));
  EXPECT_THAT(rules, Contains("-A PROA_PREROUTING -i net+ -j RETURN"));
  EXPECT_THAT(rules, Contains("-A PROA_OUTPUT -o eth1 -j RETURN"));
  const auto at = [&](const char* rule) { return std::ranges::find(rules, rule) - rules.begin(); };
  EXPECT_LT(at("-A PROA_OUTPUT -d 10.9.0.0/16 -j RETURN"),
            at("-A PROA_OUTPUT -p tcp -m tcp --dport 9000 -j PROA_REDIRECT"));
  EXPECT_LT(at("-A PROA_OUTPUT -d 10.9.0.0/16 -j RETURN"), at("-A PROA_OUTPUT -d 10.0.0.0/8 -j PROA_REDIRECT"));
  EXPECT_THAT(nat(iptables_state(rules_of(options), Family::ipv6)).rules,
              Contains("-A PROA_OUTPUT -d fd00::/8 -j PROA_REDIRECT"));
}

TEST(IptablesText, loopback_in_a_range_is_captured_from_the_application) {
  Options options;
  options.outbound_ranges = {.list = {*net::CidrRange::parse("127.0.0.2/32")}};
  EXPECT_THAT(nat(iptables_state(rules_of(options), Family::ipv4)).rules,
              Not(Contains(HasSubstr("-o lo -m owner ! --uid-owner"))));
}

TEST(IptablesText, tproxy) {
  Options options;
  options.mode = Mode::tproxy;
  const IptablesTable table = mangle(iptables_state(rules_of(options), Family::ipv6));
  EXPECT_THAT(table.rules,
              Contains("-A PROA_TPROXY ! -d ::1/128 -p tcp -j TPROXY --on-port 15006 --on-ip :: --tproxy-mark "
                       "0x539/0xffffffff"));
  EXPECT_EQ(table.rules[2], "-A PROA_INBOUND -p tcp -m mark --mark 0x539 -j RETURN");
  EXPECT_EQ(table.rules[3], "-A PROA_INBOUND -s ::6/128 -i lo -p tcp -j RETURN");
  EXPECT_EQ(table.rules[4], "-A PROA_INBOUND -i lo -p tcp -m mark ! --mark 0x53a -j RETURN");
  EXPECT_THAT(table.rules,
              Contains("-A PROA_INBOUND -p tcp -m conntrack --ctstate RELATED,ESTABLISHED -j PROA_DIVERT"));
  EXPECT_THAT(nat(iptables_state(rules_of(options), Family::ipv4)).rules,
              Not(Contains("-A PROA_PREROUTING -p tcp -j PROA_INBOUND")));
}

TEST(IptablesText, dns) {
  Options options;
  options.dns = true;
  options.dns_servers = {*net::Address::parse_ip("10.96.0.10", 0)};
  const IptablesState state = iptables_state(rules_of(options), Family::ipv4);
  EXPECT_THAT(nat(state).rules,
              Contains("-A PROA_DNS -d 10.96.0.10/32 -p udp -m udp --dport 53 -j REDIRECT --to-ports 15053"));
  EXPECT_THAT(nat(state).rules, Contains("-A PROA_OUTPUT ! -d 127.0.0.1/32 -o lo -p tcp -m multiport ! --dports "
                                         "53,15008 -m owner --uid-owner 1337 -j PROA_IN_REDIRECT"));
  EXPECT_THAT(nat(state).rules, Contains("-A PROA_OUTPUT -o lo -p tcp -m tcp ! --dport 53 -m owner ! --uid-owner 1337 "
                                         "-m owner ! --gid-owner 1337 -j RETURN"));
  EXPECT_THAT(raw(state).rules,
              Contains("-A PROA_DNS -p udp -m udp --dport 53 -m owner --uid-owner 1337 -j CT --zone 1"));
  EXPECT_THAT(raw(state).rules, Contains("-A PROA_INBOUND -s 10.96.0.10/32 -p udp -m udp --sport 53 -j CT --zone 1"));
  EXPECT_THAT(nat(iptables_state(rules_of(options), Family::ipv6)).rules, Not(Contains(HasSubstr("-A PROA_DNS"))));
}

TEST(IptablesText, a_transition_changes_what_differs_and_only_ours) {
  const IptablesState wanted = iptables_state(rules_of({}), Family::ipv4);
  const IptablesState there = parse_iptables_save(
      "# comment\n*nat\n:PREROUTING ACCEPT [1:2]\n:OUTPUT ACCEPT [0:0]\n:PROA_OLD - [0:0]\n:DOCKER - [0:0]\n"
      "-A OUTPUT -j PROA_OLD\n-A OUTPUT -j PROA_OLD\n-A OUTPUT -j DOCKER\n-A PROA_OLD -j RETURN\nCOMMIT\n");
  EXPECT_THAT(nat(there).chains, ElementsAre("PROA_OLD"));
  const std::string text = iptables_transition(there, wanted, false);
  EXPECT_THAT(text, HasSubstr("*nat\n:PROA_INBOUND - [0:0]\n"));
  EXPECT_THAT(text, HasSubstr(":PROA_OLD - [0:0]\n-D OUTPUT -j PROA_OLD\n-D OUTPUT -j PROA_OLD\n-A PROA_INBOUND"));
  EXPECT_THAT(text, HasSubstr("-X PROA_OLD\nCOMMIT\n"));
  EXPECT_THAT(text, Not(HasSubstr("DOCKER")));
  EXPECT_THAT(text, Not(HasSubstr("mangle")));
  EXPECT_EQ(iptables_transition(wanted, wanted, false), "");
}

TEST(IptablesText, the_table_that_takes_comes_first) {
  Options tproxy;
  tproxy.mode = Mode::tproxy;
  const IptablesState a = iptables_state(rules_of({}), Family::ipv4),
                      b = iptables_state(rules_of(tproxy), Family::ipv4);
  const std::string to_tproxy = iptables_transition(a, b, true), back = iptables_transition(b, a, false);
  EXPECT_LT(to_tproxy.find("*mangle"), to_tproxy.find("*nat"));
  EXPECT_GT(back.find("*mangle"), back.find("*nat"));
}

}  // namespace
}  // namespace proa::redirect
