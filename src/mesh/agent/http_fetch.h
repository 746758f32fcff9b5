// One HTTP/1.1 request on a connection of its own, and its whole answer: the proxy's admin pages, probes, scrapes.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "net/address.h"
#include "net/loop.h"
#include "net/timer.h"

namespace proa::mesh {

struct FetchOptions {
  net::Address to{};  ///< TCP, or the path of a Unix socket
  net::Address source{};
  std::string_view method = "GET";
  std::string_view authority = "localhost";
  std::string_view path = "/";
  std::vector<std::pair<std::string, std::string>> headers{};  ///< lower-case names
  Milliseconds timeout{1'000};
  size_t max_body = size_t{64} << 20;
};

struct Fetched {
  int status = 0;      ///< 0: there was no whole answer
  std::string body{};  ///< or why there was none
  std::string content_type{};
};

/// On its loop's thread; may be started again once it has finished. Destroying it gives up.
class HttpFetch {
 public:
  using Done = std::function<void(Fetched)>;

  explicit HttpFetch(net::Loop& loop);
  ~HttpFetch();
  HttpFetch(const HttpFetch&) = delete;
  HttpFetch& operator=(const HttpFetch&) = delete;

  /// `done` is called once, in a later turn; it may start the next or destroy this.
  void start(const FetchOptions& options, Done done);
  void cancel();
  bool under_way() const { return done_ != nullptr; }

 private:
  class Connection;
  void finish(Fetched fetched);
  void on_timer();

  net::Loop& loop_;
  net::Timer timer_;                  ///< the time-out, then the turn in which `done` is called
  Connection* connection_ = nullptr;  // destroys itself when it has closed
  Fetched fetched_;
  bool finished_ = false;
  Done done_;
};

}  // namespace proa::mesh
