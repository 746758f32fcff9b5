#include "net/original_dst.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "net/listen_socket.h"

namespace proa::net {
namespace {

// Redirected connections need rules in a network namespace: see the end-to-end tests. Here: without netfilter.
TEST(OriginalDst, a_direct_connection_is_not_restored) {
  auto listener = *listen_on(Address::loopback(Address::Family::kIpv4, 0), {});
  Address bound = local_address(listener.get());
  auto client = *open_stream_socket(bound);
  sockaddr_storage storage;
  socklen_t size = bound.to_sockaddr(storage);
  (void)::connect(client.get(), reinterpret_cast<sockaddr*>(&storage), size);
  Fd accepted(::accept(listener.get(), nullptr, nullptr));
  ASSERT_TRUE(accepted);
  OriginalDestination direct = original_destination(accepted.get(), bound);
  EXPECT_EQ(direct.address, bound);
  EXPECT_FALSE(direct.restored);
  EXPECT_FALSE(original_destination(accepted.get(), Address::any(Address::Family::kIpv4, bound.port())).restored);
  // As TPROXY leaves it: the socket's own address is not the listener's.
  EXPECT_TRUE(original_destination(accepted.get(), *Address::parse("127.0.0.1:1")).restored);
}

TEST(OriginalDst, a_unix_socket_has_none) {
  int pair[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
  Fd a(pair[0]), b(pair[1]);
  EXPECT_FALSE(original_destination(a.get(), Address()).address);
}

}  // namespace
}  // namespace proa::net
