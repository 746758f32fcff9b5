#include "net/dns.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <optional>

#include "net/socket_options.h"
#include "net/test_loop.h"

namespace proa::net {
namespace {

// Answers every question on a UDP socket of its own, from a table.
class Server : private EventSource {
 public:
  explicit Server(Loop& loop) : loop_(loop), fd_(::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
    sockaddr_storage storage;
    socklen_t size = Address::loopback(Address::Family::kIpv4, 0).to_sockaddr(storage);
    EXPECT_EQ(::bind(fd_.get(), reinterpret_cast<sockaddr*>(&storage), size), 0);
    watch_ = *loop.watch(fd_.get(), EPOLLIN, *this);
  }
  ~Server() { loop_.unwatch(fd_.get(), watch_); }
  Address address() const { return local_address(fd_.get()); }

  std::vector<Address> v4, v6;
  uint32_t ttl = 60;
  int code = 0;  // RCODE
  bool silent = false;
  int questions = 0;

 private:
  void on_events(uint32_t) override {
    char query[512];
    sockaddr_storage from;
    socklen_t from_size = sizeof from;
    ssize_t n = ::recvfrom(fd_.get(), query, sizeof query, 0, reinterpret_cast<sockaddr*>(&from), &from_size);
    if (n < 17) return;
    ++questions;
    if (silent) return;
    size_t end = 12;
    while (query[end]) end += static_cast<size_t>(query[end]) + 1;
    bool wants_v6 = query[end + 2] == 28;
    end += 5;
    const auto& addresses = wants_v6 ? v6 : v4;
    std::string reply(query, end);
    reply[2] = static_cast<char>(0x81);
    reply[3] = static_cast<char>(0x80 | code);
    reply[7] = static_cast<char>(code ? 0 : addresses.size());
    reply[6] = static_cast<char>(code ? 0 : addresses.size() >> 8);
    reply[11] = 0;
    for (const Address& address : addresses) {
      if (code) break;
      auto bytes = address.bytes();
      reply += std::string("\xc0\x0c\x00", 3) + (wants_v6 ? '\x1c' : '\x01') + std::string("\x00\x01", 2);
      for (int shift : {24, 16, 8, 0}) reply += static_cast<char>(ttl >> shift);
      reply += std::string(1, '\0') + static_cast<char>(bytes.size());
      reply.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    }
    ::sendto(fd_.get(), reply.data(), reply.size(), 0, reinterpret_cast<sockaddr*>(&from), from_size);
  }
  Loop& loop_;
  Fd fd_;
  WatchId watch_;
};

struct Dns : testing::Test {
  Result<DnsAnswer> ask(const std::string& host, DnsFamily family) {
    std::optional<Result<DnsAnswer>> out;
    auto handle = resolver.resolve(host, family, [&](Result<DnsAnswer> answer) { out = std::move(answer); });
    EXPECT_FALSE(out.has_value());
    EXPECT_TRUE(loop.run_until([&] { return out.has_value(); }));
    return std::move(*out);
  }
  std::vector<std::string> names(const Result<DnsAnswer>& answer) {
    std::vector<std::string> out;
    for (const Address& address : answer->addresses) out.push_back(address.ip());
    return out;
  }
  TestLoop loop;
  Server server{loop};
  Resolver resolver{loop, {.servers = {server.address()}, .timeout = Milliseconds(1000), .tries = 1}};
  const Address v4 = *Address::parse_ip("10.0.0.1", 0), v6 = *Address::parse_ip("2001:db8::1", 0);
};

TEST_F(Dns, each_family_asks_for_what_it_wants) {
  server.v4 = {v4};
  server.v6 = {v6};
  EXPECT_EQ(names(ask("host.test", DnsFamily::kAuto)), std::vector<std::string>{"2001:db8::1"});
  EXPECT_EQ(names(ask("host.test", DnsFamily::kV4Only)), std::vector<std::string>{"10.0.0.1"});
  EXPECT_EQ(names(ask("host.test", DnsFamily::kV6Only)), std::vector<std::string>{"2001:db8::1"});
  EXPECT_EQ(names(ask("host.test", DnsFamily::kV4Preferred)), std::vector<std::string>{"10.0.0.1"});
  EXPECT_EQ(ask("host.test", DnsFamily::kAll)->addresses.size(), 2U);
  EXPECT_EQ(resolver.pending(), 0U);
}

TEST_F(Dns, the_other_family_is_asked_when_there_is_none) {
  server.v4 = {v4};
  EXPECT_EQ(names(ask("host.test", DnsFamily::kAuto)), std::vector<std::string>{"10.0.0.1"});
  EXPECT_TRUE(ask("host.test", DnsFamily::kV6Only)->addresses.empty());
  server.v4.clear();
  server.v6 = {v6};
  EXPECT_EQ(names(ask("host.test", DnsFamily::kV4Preferred)), std::vector<std::string>{"2001:db8::1"});
}

TEST_F(Dns, the_ttl_comes_along) {
  server.v4 = {v4};
  server.ttl = 17;
  EXPECT_EQ(ask("host.test", DnsFamily::kV4Only)->ttl, std::chrono::seconds(17));
}

TEST_F(Dns, no_such_name_is_an_empty_answer_and_a_broken_server_an_error) {
  server.code = 3;
  auto missing = ask("host.test", DnsFamily::kV4Only);
  ASSERT_TRUE(missing.has_value());
  EXPECT_TRUE(missing->addresses.empty());
  server.code = 2;
  auto broken = ask("host.test", DnsFamily::kV4Only);
  ASSERT_FALSE(broken.has_value());
  EXPECT_NE(broken.error().message.find("host.test"), std::string::npos);
}

TEST_F(Dns, literals_and_hosts_need_no_server) {
  EXPECT_EQ(names(ask("10.1.2.3", DnsFamily::kAuto)), std::vector<std::string>{"10.1.2.3"});
  EXPECT_TRUE(ask("10.1.2.3", DnsFamily::kV6Only)->addresses.empty());
  EXPECT_EQ(names(ask("localhost", DnsFamily::kV4Only)), std::vector<std::string>{"127.0.0.1"});
  EXPECT_EQ(server.questions, 0);
}

TEST_F(Dns, answers_are_capped) {
  for (uint8_t i = 0; i < 250; ++i) server.v4.push_back(Address::from_bytes(std::array<uint8_t, 4>{10, 0, 1, i}, 0));
  Resolver large(loop, {.servers = {server.address()}, .edns_payload = 4096});
  size_t count = 0;
  auto handle = large.resolve("host.test", DnsFamily::kV4Only, [&](auto answer) { count = answer->addresses.size(); });
  EXPECT_TRUE(loop.run_until([&] { return count > 0; }));
  EXPECT_EQ(count, Resolver::kMaxAddresses);
}

TEST_F(Dns, a_dropped_handle_cancels) {
  server.v4 = {v4};
  bool called = false;
  auto handle = resolver.resolve("host.test", DnsFamily::kV4Only, [&](auto) { called = true; });
  handle.reset();
  EXPECT_TRUE(loop.run_until([&] { return resolver.pending() == 0; }));
  loop.settle();
  EXPECT_FALSE(called);
  auto literal = resolver.resolve("10.0.0.1", DnsFamily::kV4Only, [&](auto) { called = true; });
  literal.reset();
  loop.settle();
  EXPECT_FALSE(called);
}

TEST_F(Dns, the_resolver_may_be_destroyed_with_questions_open_and_in_a_callback) {
  server.silent = true;
  auto other = std::make_unique<Resolver>(loop, DnsOptions{.servers = {server.address()}});
  bool called = false;
  auto open = other->resolve("host.test", DnsFamily::kV4Only, [&](auto) { called = true; });
  auto done = other->resolve("10.0.0.1", DnsFamily::kV4Only, [&](auto) { other.reset(); });
  auto last = resolver.resolve("10.0.0.1", DnsFamily::kV4Only, [](auto) {});
  loop.settle();
  EXPECT_FALSE(other);
  EXPECT_FALSE(called);
}

TEST(DnsTimeout, a_silent_server_is_given_up) {
  Loop loop;
  Server server(loop);
  server.silent = true;
  Resolver resolver(loop, {.servers = {server.address()}, .timeout = Milliseconds(20), .tries = 2});
  std::optional<Result<DnsAnswer>> out;
  auto handle = resolver.resolve("host.test", DnsFamily::kV4Only, [&](Result<DnsAnswer> answer) {
    out = std::move(answer);
    loop.stop();
  });
  loop.run();
  EXPECT_FALSE(out->has_value());
  EXPECT_EQ(server.questions, 2);
}

}  // namespace
}  // namespace proa::net
