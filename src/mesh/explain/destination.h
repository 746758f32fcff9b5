// destination: where a request is meant to go, as people write it, and the address that the caller's kernel would see.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "mesh/model/world.h"
#include "net/address.h"

namespace proa::mesh {

struct Destination {
  std::string scheme = "http";  ///< http, https (TLS of the application's own), grpc, tcp
  std::string host{};           ///< as it was written
  std::uint16_t port = 0;
  std::string path = "/";
  std::shared_ptr<const Service> service{};  ///< null: none of the mesh
  net::Address address{};                    ///< of the connection
  bool invented = false;                     ///< the name's address is only known to DNS: `address` stands for it
};

/// "http://reviews:9080/path", "reviews.shop:9080", "10.0.0.1:80". Short names are of namespace `ns`. Without a port:
/// the scheme's, or the service's only one.
Result<Destination> destination_of(const World& world, std::string_view text, std::string_view ns);

}  // namespace proa::mesh
