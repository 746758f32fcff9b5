#include "config/port_predicate.h"

#include <fmt/format.h>

#include <bitset>

#include "config/supported.h"

namespace proa::config {

namespace lv3 = envoy::config::listener::v3;
using Predicate = lv3::ListenerFilterChainMatchPredicate;

namespace {

constexpr size_t kPorts = 65536;
using Ports = std::bitset<kPorts>;

Ports range(const envoy::type::v3::Int32Range& from, const Site& at) {
  Ports ports;
  if (from.start() < 0 || from.start() >= from.end() || from.end() > static_cast<int>(kPorts)) {
    at.error(fmt::format("from {} to below {} is no range of ports", from.start(), from.end()),
             "start is below end, end at most 65536");
    return ports;
  }
  for (int port = from.start(); port < from.end(); ++port) ports.set(static_cast<size_t>(port));
  return ports;
}

Ports ports_of(const Predicate& from, const Site& at) {
  switch (from.rule_case()) {
    case Predicate::kOrMatch: {
      Ports any;
      const Site rules = at / "or_match.rules";
      for (int i = 0; i < from.or_match().rules_size(); ++i) {
        const Site item = rules[static_cast<size_t>(i)];
        any |= ports_of(from.or_match().rules(i), item);
      }
      return any;
    }
    case Predicate::kAndMatch: {
      Ports all = Ports().set();
      const Site rules = at / "and_match.rules";
      for (int i = 0; i < from.and_match().rules_size(); ++i) {
        const Site item = rules[static_cast<size_t>(i)];
        all &= ports_of(from.and_match().rules(i), item);
      }
      return all;
    }
    case Predicate::kNotMatch: return ~ports_of(from.not_match(), at / "not_match");
    case Predicate::kAnyMatch: return Ports().set();
    case Predicate::kDestinationPortRange: return range(from.destination_port_range(), at / "destination_port_range");
    default: return {};
  }
}

}  // namespace

NumberRanges compile_port_predicate(const Predicate& from, const Site& at) {
  const Ports ports = ports_of(from, at);
  NumberRanges to;
  for (uint32_t port = 0; port < kPorts; ++port) {
    if (!ports.test(port)) continue;
    if (to.ranges.empty() || to.ranges.back().last + 1 != port) to.ranges.push_back({port, port});
    to.ranges.back().last = port;
  }
  return to;
}

void add_port_predicate_fields(SupportedTable& table) {
  table.add(supported<Predicate>({"or_match", "and_match", "not_match", "any_match", "destination_port_range"}));
  table.add(supported<Predicate::MatchSet>({"rules"}));
}

}  // namespace proa::config
