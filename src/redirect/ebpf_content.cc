#include "redirect/ebpf_content.h"

#include <arpa/inet.h>

#include <cstring>

namespace proa::redirect {
namespace {

proa_range range_of(const net::CidrRange& from) {
  constexpr uint32_t kFamilyBits = 32;
  proa_range out{};
  const bool six = from.family() == net::Address::Family::kIpv6;
  out.length = kFamilyBits + from.length();
  out.family = htonl(six ? 6 : 4);
  std::memcpy(out.ip, from.base().bytes().data(), from.base().bytes().size());
  return out;
}

/// FNV-1a.
class Fingerprint {
 public:
  template <class T>
  void add(const T& value) {
    const auto* bytes = reinterpret_cast<const unsigned char*>(&value);
    for (size_t i = 0; i < sizeof value; ++i) hash_ = (hash_ ^ bytes[i]) * 0x100000001b3U;
  }
  template <class T>
  void add_all(const std::vector<T>& values) {
    add(values.size());
    for (const T& value : values) add(value);
  }
  uint64_t value() const { return hash_; }

 private:
  uint64_t hash_ = 0xcbf29ce484222325U;
};

}  // namespace

EbpfContent ebpf_content(const Options& options, const std::vector<net::Address>& own) {
  EbpfContent out;
  out.config = {.fingerprint = 0,
                .outbound_port = options.outbound_port,
                .inbound_port = options.inbound_port,
                .tunnel_port = options.tunnel_port,
                .proxy_mark = options.proxy_mark,
                .all_outbound = options.outbound_ranges.all,
                .all_inbound = options.inbound_ports.all,
                .some_groups = !options.capture_groups.empty(),
                .ipv6 = options.ipv6};
  const auto say = [&](proa_word word, const auto& values) {
    for (uint32_t value : values) out.said.push_back({static_cast<uint32_t>(word), value});
  };
  say(PROA_PROXY_UID, options.proxy_uids);
  say(PROA_PROXY_GID, options.proxy_gids);
  say(PROA_CAPTURE_GROUP, options.capture_groups);
  say(PROA_EXCLUDE_GROUP, options.exclude_groups);
  say(PROA_INBOUND_PORT, options.inbound_ports.list);
  say(PROA_EXCLUDE_INBOUND_PORT, kAgentPorts);
  say(PROA_EXCLUDE_INBOUND_PORT, std::vector<uint16_t>{kSshPort});
  say(PROA_EXCLUDE_INBOUND_PORT, options.exclude_inbound_ports);
  say(PROA_OUTBOUND_PORT, options.outbound_ports);
  say(PROA_EXCLUDE_OUTBOUND_PORT, options.exclude_outbound_ports);
  for (const net::CidrRange& range : options.outbound_ranges.list) out.included.push_back(range_of(range));
  for (const net::CidrRange& range : options.exclude_outbound_ranges) out.excluded.push_back(range_of(range));
  out.excluded.push_back(range_of(options.loopback));
  out.excluded.push_back(range_of(*net::CidrRange::parse("::1/128")));
  for (const net::Address& address : own) {
    out.own.push_back(range_of(*net::CidrRange::make(address, static_cast<uint32_t>(address.bytes().size() * 8))));
  }
  Fingerprint fingerprint;
  fingerprint.add(out.config);
  fingerprint.add_all(out.said);
  for (const auto* ranges : {&out.included, &out.excluded, &out.own}) fingerprint.add_all(*ranges);
  out.config.fingerprint = fingerprint.value();
  return out;
}

}  // namespace proa::redirect
