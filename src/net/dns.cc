#include "net/dns.h"

#include <ares.h>
#include <netdb.h>
#include <sys/time.h>

#include <algorithm>

namespace proa::net {

struct Resolver::Lookup {
  Resolver* resolver;
  std::string host;
  DnsCallback callback;       // empty: cancelled
  int second_family = 0;      // asked when the first gives nothing
  DnsQuery* query = nullptr;  // cleared when the owner has gone
  ~Lookup() {
    if (query) query->lookup_ = nullptr;
  }
};

DnsQuery::DnsQuery(Resolver::Lookup& lookup) : lookup_(&lookup) { lookup.query = this; }

DnsQuery::~DnsQuery() {
  if (!lookup_) return;
  lookup_->query = nullptr;
  lookup_->callback = nullptr;  // c-ares cannot take one question back: its answer will be dropped
}

/// A socket of c-ares on the loop. Level-triggered: c-ares says what it waits for.
class Resolver::Socket final : public EventSource {
 public:
  Socket(Resolver& resolver, int fd) : resolver_(resolver), fd_(fd) {}
  ~Socket() { resolver_.loop_.unwatch(fd_, watch_); }
  void want(uint32_t events) {
    if (watch_) {
      (void)resolver_.loop_.rewatch(fd_, watch_, events);
    } else if (auto id = resolver_.loop_.watch(fd_, events, *this)) {
      watch_ = *id;
    }
  }
  void on_events(uint32_t events) override {
    int fd = fd_;
    Resolver& resolver = resolver_;  // c-ares may close the socket, and so destroy us
    bool failed = events & (EPOLLERR | EPOLLHUP);
    resolver.process(events & EPOLLIN || failed ? fd : ARES_SOCKET_BAD, events & EPOLLOUT ? fd : ARES_SOCKET_BAD);
  }

 private:
  Resolver& resolver_;
  int fd_;
  WatchId watch_;
};

Resolver::Resolver(Loop& loop, DnsOptions options)
    : loop_(loop), options_(std::move(options)), timer_(Timer::of<&Resolver::on_timer>(this)) {
  static const int initialised = ares_library_init(ARES_LIB_INIT_ALL);
  (void)initialised;
  open_channel();
}

Resolver::~Resolver() {
  *destroyed_ = true;
  if (channel_) ares_destroy(channel_);  // calls back each lookup, which finds it is over
}

void Resolver::open_channel() {
  if (channel_) ares_destroy(std::exchange(channel_, nullptr));
  ares_options options{};
  int mask = ARES_OPT_SOCK_STATE_CB | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_FLAGS;
  options.sock_state_cb = [](void* self, ares_socket_t fd, int readable, int writable) {
    static_cast<Resolver*>(self)->on_socket_state(fd, readable, writable);
  };
  options.sock_state_cb_data = this;
  options.timeout = static_cast<int>(options_.timeout.count());
  options.tries = options_.tries;
  options.flags = (options_.tcp ? ARES_FLAG_USEVC : 0) | (options_.search_domains ? 0 : ARES_FLAG_NOSEARCH);
  if (options_.edns_payload) {
    mask |= ARES_OPT_EDNSPSZ;
    options.flags |= ARES_FLAG_EDNS;
    options.ednspsz = options_.edns_payload;
  }
  int status = ares_init_options(&channel_, &options, mask);
  if (status == ARES_SUCCESS && !options_.servers.empty()) {
    std::string servers;
    for (const Address& server : options_.servers) servers += (servers.empty() ? "" : ",") + server.to_string();
    status = ares_set_servers_ports_csv(channel_, servers.c_str());
  }
  channel_error_ = status == ARES_SUCCESS ? "" : ares_strerror(status);
  stale_ = false;
}

DnsHandle Resolver::resolve(const std::string& host, DnsFamily family, DnsCallback callback) {
  if ((stale_ || !channel_error_.empty()) && pending_ == 0) open_channel();
  auto lookup = std::make_unique<Lookup>(this, host, std::move(callback));
  DnsHandle handle(new DnsQuery(*lookup));
  ++pending_;
  int first = family == DnsFamily::kAll ? AF_UNSPEC : AF_INET6;
  if (family == DnsFamily::kV4Only || family == DnsFamily::kV4Preferred) first = AF_INET;
  if (family == DnsFamily::kAuto) lookup->second_family = AF_INET;
  if (family == DnsFamily::kV4Preferred) lookup->second_family = AF_INET6;
  if (auto literal = Address::parse_ip(host, 0)) {
    DnsAnswer answer;
    bool v4 = literal->family() == Address::Family::kIpv4;
    bool wanted = v4 ? family != DnsFamily::kV6Only : family != DnsFamily::kV4Only;
    if (wanted) answer.addresses.push_back(*literal);
    finish(std::move(lookup), std::move(answer));
  } else if (!channel_error_.empty()) {
    finish(std::move(lookup), fail("cannot resolve '" + host + "': " + channel_error_));
  } else {
    ask(std::move(lookup), first);
  }
  return handle;
}

void Resolver::ask(std::unique_ptr<Lookup> lookup, int family) {
  ares_addrinfo_hints hints{};
  hints.ai_family = family;
  hints.ai_flags = ARES_AI_NOSORT;  // the server's order: it may balance load by it
  hints.ai_socktype = SOCK_STREAM;
  Lookup* raw = lookup.release();  // c-ares calls back exactly once, maybe inside this call
  ares_getaddrinfo(
      channel_, raw->host.c_str(), nullptr, &hints,
      [](void* argument, int status, int, ares_addrinfo* result) {
        std::unique_ptr<Lookup> lookup(static_cast<Lookup*>(argument));
        std::unique_ptr<ares_addrinfo, decltype(&ares_freeaddrinfo)> owned(result, ares_freeaddrinfo);
        if (status == ARES_EDESTRUCTION || status == ARES_ECANCELLED) return;
        Resolver* resolver = lookup->resolver;
        resolver->answered(std::move(lookup), status, result);
      },
      raw);
  arm_timer();
}

void Resolver::answered(std::unique_ptr<Lookup> lookup, int status, ares_addrinfo* result) {
  DnsAnswer answer;
  int64_t ttl = -1;
  for (ares_addrinfo_node* node = result ? result->nodes : nullptr; node; node = node->ai_next) {
    Address address = Address::from_sockaddr(node->ai_addr, node->ai_addrlen);
    if (!address || answer.addresses.size() >= kMaxAddresses) continue;
    auto& all = answer.addresses;
    if (std::find(all.begin(), all.end(), address) == all.end()) all.push_back(std::move(address));
    ttl = ttl < 0 ? node->ai_ttl : std::min<int64_t>(ttl, node->ai_ttl);
  }
  answer.ttl = std::chrono::seconds(std::max<int64_t>(ttl, 0));
  bool nothing = status == ARES_ENODATA || status == ARES_ENOTFOUND;
  if (answer.addresses.empty() && lookup->second_family && lookup->callback) {
    int next = std::exchange(lookup->second_family, 0);
    return ask(std::move(lookup), next);
  }
  if (status == ARES_ECONNREFUSED) stale_ = true;
  if (status == ARES_SUCCESS || nothing) return finish(std::move(lookup), std::move(answer));
  std::string host = lookup->host;
  finish(std::move(lookup), fail("cannot resolve '" + host + "': " + ares_strerror(status)));
}

void Resolver::finish(std::unique_ptr<Lookup> lookup, Result<DnsAnswer> answer) {
  --pending_;
  finished_.emplace_back(std::move(lookup), std::move(answer));
  loop_.end_of_turn(*this);
}

void Resolver::run() {
  auto destroyed = destroyed_;
  auto finished = std::move(finished_);
  finished_.clear();
  for (auto& [lookup, answer] : finished) {
    if (*destroyed) return;
    DnsCallback callback = std::move(lookup->callback);
    if (!callback) continue;
    lookup.reset();  // the handle knows now that it is over
    callback(std::move(answer));
  }
}

void Resolver::on_socket_state(int fd, bool readable, bool writable) {
  if (!readable && !writable) {
    sockets_.erase(fd);
    return;
  }
  auto& socket = sockets_[fd];
  if (!socket) socket = std::make_unique<Socket>(*this, fd);
  socket->want((readable ? uint32_t{EPOLLIN} : 0U) | (writable ? uint32_t{EPOLLOUT} : 0U));
}

void Resolver::process(int readable, int writable) {
  ares_process_fd(channel_, readable, writable);
  arm_timer();
}

void Resolver::on_timer() { process(ARES_SOCKET_BAD, ARES_SOCKET_BAD); }

void Resolver::arm_timer() {
  timeval limit{};
  if (!ares_timeout(channel_, nullptr, &limit)) return timer_.stop();
  timer_.start(loop_, Milliseconds(limit.tv_sec * 1000 + limit.tv_usec / 1000 + 1));
}

}  // namespace proa::net
