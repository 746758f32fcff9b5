#include "redirect/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

namespace proa::redirect {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string why(const Status& status) { return status ? "" : status.error().message; }

TEST(RedirectOptions, the_defaults_are_valid) { EXPECT_EQ(why(validate(Options())), ""); }

TEST(RedirectOptions, lists_are_read) {
  EXPECT_THAT(*parse_port_list("-d", "80, 443,80"), ElementsAre(80, 443));
  EXPECT_THAT(*parse_port_list("-d", ""), IsEmpty());
  EXPECT_TRUE(parse_ports("-b", " * ")->all);
  EXPECT_FALSE(parse_ports("-b", "")->all);
  EXPECT_TRUE(parse_ranges("-i", "*")->all);
  EXPECT_EQ(parse_ranges("-i", "10.1.2.3/8,fd00::/8")->list[0].to_string(), "10.0.0.0/8");
  EXPECT_THAT(*parse_interfaces("-c", "eth1,veth+"), ElementsAre("eth1", "veth+"));
  EXPECT_EQ(parse_addresses("--dns-servers", "::1")->front().ip(), "::1");
  EXPECT_THAT(*parse_users("-u", "root,1337"), ElementsAre(0, 1337));
  EXPECT_THAT(*parse_groups("-g", "root"), ElementsAre(0));
}

TEST(RedirectOptions, an_error_names_option_value_and_fix) {
  EXPECT_EQ(parse_port_list("--outbound-ports", "80,,81").error().message,
            "--outbound-ports: '' is no port; write numbers from 1 to 65535, separated by commas");
  EXPECT_THAT(parse_ports("-b", "70000").error().message, HasSubstr("-b: '70000' is no port"));
  EXPECT_THAT(parse_ports("-b", "0").error().message, HasSubstr("'0' is no port"));
  EXPECT_THAT(parse_ranges("-x", "10.0.0.0/33").error().message, HasSubstr("-x: '10.0.0.0/33' is no range"));
  EXPECT_THAT(parse_interfaces("-c", "a b").error().message, HasSubstr("'a b' is no name of an interface"));
  EXPECT_THAT(parse_interfaces("-c", "a\"; flush ruleset").error().message, HasSubstr("no name of an interface"));
  EXPECT_THAT(parse_interfaces("-c", "sixteencharacter").error().message, HasSubstr("no name of an interface"));
  EXPECT_THAT(parse_groups("--capture-groups", "no-such-group").error().message,
              HasSubstr("--capture-groups: there is no group 'no-such-group' here"));
}

TEST(RedirectOptions, what_does_not_go_together_is_refused) {
  const auto refused = [](std::function<void(Options&)> change) {
    Options options;
    change(options);
    return why(validate(options));
  };
  EXPECT_THAT(refused([](Options& o) { o.inbound_port = 15001; }), HasSubstr("--outbound-port and --inbound-port"));
  EXPECT_THAT(refused([](Options& o) { o.dns_port = 0; }), HasSubstr("--dns-port: 0"));
  EXPECT_THAT(refused([](Options& o) {
                o.inbound_ports = {.list = {80}};
                o.exclude_inbound_ports = {81};
              }),
              HasSubstr("--exclude-inbound-ports"));
  EXPECT_THAT(refused([](Options& o) { o.outbound_ports = o.exclude_outbound_ports = {80}; }), HasSubstr("80 is in"));
  EXPECT_THAT(refused([](Options& o) { o.loopback = *net::CidrRange::parse("10.0.0.0/8"); }), HasSubstr("--loopback"));
  EXPECT_THAT(refused([](Options& o) {
                o.ipv6 = false;
                o.exclude_outbound_ranges = {*net::CidrRange::parse("fd00::/8")};
              }),
              HasSubstr("fd00::/8 is IPv6, which is off"));
  EXPECT_THAT(refused([](Options& o) {
                o.proxy_uids.clear();
                o.proxy_gids.clear();
              }),
              HasSubstr("one must be set"));
  EXPECT_THAT(refused([](Options& o) { o.capture_groups = o.exclude_groups = {1}; }), HasSubstr("only one"));
  EXPECT_THAT(refused([](Options& o) { o.dns = true; }), HasSubstr("no name server is known"));
  EXPECT_THAT(refused([](Options& o) { o.all_dns = true; }), HasSubstr("--redirect-dns, which is not set"));
  const auto tproxy = [&](std::function<void(Options&)> change) {
    return refused([&](Options& o) {
      o.mode = Mode::tproxy;
      change(o);
    });
  };
  EXPECT_EQ(tproxy([](Options&) {}), "");
  EXPECT_THAT(tproxy([](Options& o) { o.tproxy_mark = 0; }), HasSubstr("--tproxy-mark"));
  EXPECT_THAT(tproxy([](Options& o) { o.tproxy_mark = kSelfCallMark; }), HasSubstr("1338 is in use"));
  EXPECT_THAT(tproxy([](Options& o) { o.proxy_mark = o.tproxy_mark; }), HasSubstr("--proxy-mark"));
  EXPECT_THAT(tproxy([](Options& o) { o.tproxy_table = 254; }), HasSubstr("a table of the system's"));
}

TEST(RedirectOptions, programs_at_sockets_cannot_do_all) {
  Options options;
  options.mode = Mode::ebpf;
  EXPECT_THAT(why(validate(options)), HasSubstr("--cgroup: no folder of cgroup2 is known"));
  options.cgroup = "/sys/fs/cgroup/shop";
  EXPECT_EQ(why(validate(options)), "");
  options.exclude_interfaces = {"eth1"};
  EXPECT_THAT(why(validate(options)), HasSubstr("--exclude-interfaces: not with --mode EBPF"));
}

TEST(RedirectOptions, the_cgroup_of_a_process) {
  constexpr std::string_view kMounts = "proc /proc proc rw 0 0\ncgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n";
  EXPECT_EQ(cgroup_folder("0::/shop/cart\n", kMounts), "/sys/fs/cgroup/shop/cart");
  EXPECT_EQ(cgroup_folder("2:cpu:/x\n0::/\n", "cgroup2 /cg/unified cgroup2 rw 0 0"), "/cg/unified");
  EXPECT_EQ(cgroup_folder("1:cpu:/x\n", kMounts), "");
  EXPECT_EQ(cgroup_folder("0::/a\n", "proc /proc proc rw 0 0\n"), "");
}

TEST(RedirectOptions, name_servers_of_resolv_conf) {
  const auto servers = name_servers(
      "# nameserver 1.1.1.1\nnameserver 10.96.0.10\nsearch a.b\n nameserver\tfd00::a \nnameserver fe80::1%eth0\n"
      "nameserver\nnameservers 9.9.9.9\nnameserver 10.0.0.1");
  ASSERT_EQ(servers.size(), 3U);
  EXPECT_EQ(servers[0].ip(), "10.96.0.10");
  EXPECT_EQ(servers[1].ip(), "fd00::a");
  EXPECT_EQ(servers[2].ip(), "10.0.0.1");
}

}  // namespace
}  // namespace proa::redirect
