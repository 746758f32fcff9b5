#include "net/own_address.h"

#include <ifaddrs.h>
#include <netinet/in.h>

#include <memory>

namespace proa::net {

Address own_address() {
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) == 0) {
    const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(list, &::freeifaddrs);
    for (const ifaddrs* at = list; at; at = at->ifa_next) {
      if (!at->ifa_addr || at->ifa_addr->sa_family != AF_INET) continue;
      Address address = Address::from_sockaddr(at->ifa_addr, sizeof(sockaddr_in));
      if (!address.is_loopback()) return address;
    }
  }
  return Address::loopback(Address::Family::kIpv4, 0);
}

}  // namespace proa::net
