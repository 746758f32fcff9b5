// One of original_ip_detection_extensions: another way to learn the client's address than the connection's peer.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "net/address.h"

namespace proa::proxy {

struct IpDetection {
  std::string header{};        ///< lower case: it holds the address; empty: x-forwarded-for does
  bool trust = false;          ///< the address of `header` may make the request an internal one
  uint16_t reject_status = 0;  ///< the answer when `header` holds no address; 0: the next extension is asked
  uint32_t xff_trusted_hops = 0;
  std::vector<net::CidrRange> xff_trusted_proxies{};  ///< not empty: instead of the number of hops
  bool skip_xff_append = true;
};

}  // namespace proa::proxy
