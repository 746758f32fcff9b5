// Names to addresses: c-ares on a loop.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/address.h"
#include "net/loop.h"

struct ares_channeldata;
struct ares_addrinfo;

namespace proa::net {

enum class DnsFamily : uint8_t {
  kAuto,  // IPv6; when there is none, IPv4
  kV4Only,
  kV6Only,
  kV4Preferred,  // IPv4; when there is none, IPv6
  kAll,          // both
};

struct DnsOptions {
  std::vector<Address> servers{};  // empty: those of /etc/resolv.conf
  Milliseconds timeout{5000};      // of one try; doubled by each further round
  int tries = 4;
  bool tcp = false;
  uint16_t edns_payload = 0;   // largest UDP answer that is asked for; 0: no EDNS, 512 bytes, then TCP
  bool search_domains = true;  // append those of resolv.conf to short names
};

struct DnsAnswer {
  /// With port 0, in the order of the server; at most 100. Empty: the name does not exist or has no address of that
  /// family, which is an answer and not a failure.
  std::vector<Address> addresses;
  /// The shortest of the records; 0 when none is known (/etc/hosts, literal addresses).
  std::chrono::seconds ttl{0};
};

/// A question that is being answered. Destroy it to cancel: the callback is not called then.
class DnsQuery;
using DnsHandle = std::unique_ptr<DnsQuery>;
using DnsCallback = std::move_only_function<void(Result<DnsAnswer>)>;

/// Not thread-safe: everything on its loop's thread. Nothing is cached. /etc/hosts is read at each question.
class Resolver final : private EndOfTurn {
 public:
  static constexpr size_t kMaxAddresses = 100;

  explicit Resolver(Loop& loop, DnsOptions options = {});
  ~Resolver();  // cancels all questions

  /// Answers once, in this turn or a later one, never inside the call. `host` may be a literal address. The callback
  /// may destroy the handle, and the resolver.
  [[nodiscard]] DnsHandle resolve(const std::string& host, DnsFamily family, DnsCallback callback);
  size_t pending() const { return pending_; }

 private:
  friend class DnsQuery;
  struct Lookup;
  class Socket;

  void open_channel();
  void ask(std::unique_ptr<Lookup> lookup, int family);
  void answered(std::unique_ptr<Lookup> lookup, int status, ares_addrinfo* result);
  void finish(std::unique_ptr<Lookup> lookup, Result<DnsAnswer> answer);
  void run() override;
  void on_socket_state(int fd, bool readable, bool writable);
  void process(int readable, int writable);
  void on_timer();
  void arm_timer();

  Loop& loop_;
  DnsOptions options_;
  ares_channeldata* channel_ = nullptr;
  std::string channel_error_;
  bool stale_ = false;  // the servers are gone: read resolv.conf again when nobody waits
  size_t pending_ = 0;
  std::map<int, std::unique_ptr<Socket>> sockets_;
  std::vector<std::pair<std::unique_ptr<Lookup>, Result<DnsAnswer>>> finished_;
  Timer timer_;
  std::shared_ptr<bool> destroyed_ = std::make_shared<bool>(false);
};

class DnsQuery {
 public:
  ~DnsQuery();

 private:
  friend class Resolver;
  explicit DnsQuery(Resolver::Lookup& lookup);
  Resolver::Lookup* lookup_;  // null once it has been answered
};

}  // namespace proa::net
