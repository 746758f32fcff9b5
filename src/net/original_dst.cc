#include "net/original_dst.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include "net/socket_options.h"

namespace proa::net {
namespace {

constexpr int kSoOriginalDst = 80;  // linux/netfilter_ipv4.h and netfilter_ipv6/ip6_tables.h

Address ask_netfilter(int fd, const Address& local) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  // `local` is already unmapped: an IPv4 client of a dual-stack socket is asked for as IPv4.
  int level = local.family() == Address::Family::kIpv6 ? SOL_IPV6 : SOL_IP;
  if (::getsockopt(fd, level, kSoOriginalDst, &storage, &size) != 0) return {};
  return Address::from_sockaddr(reinterpret_cast<sockaddr*>(&storage), size);
}

}  // namespace

OriginalDestination original_destination(int fd, const Address& listener) {
  Address local = local_address(fd);
  if (!local.is_ip()) return {};
  OriginalDestination out{.address = ask_netfilter(fd, local)};
  if (out.address && out.address != local) {
    out.restored = true;
    return out;
  }
  out.address = local;
  bool ours = local.port() == listener.port() && (listener.is_any() || local.same_ip(listener));
  out.restored = !ours;
  return out;
}

}  // namespace proa::net
