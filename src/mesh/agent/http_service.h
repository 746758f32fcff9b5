// A small HTTP/1.1 server whose answers may take time: probes and scrapes, not traffic.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/list.h"
#include "net/listen_socket.h"
#include "net/loop.h"
#include "net/transport.h"

namespace proa::mesh {

struct HttpQuestion {
  std::string method{};
  std::string path{};  ///< without the query
  std::string accept{};
  net::Address from{};
};

struct HttpAnswer {
  uint16_t status = 200;
  std::string body{};
  std::string content_type = "text/plain; charset=utf-8";
};

/// On its loop's thread. Bodies of requests are not looked at.
class HttpService final : private net::AcceptHandler {
 public:
  /// May be called later, or never; does nothing once the client has gone.
  using Reply = std::function<void(HttpAnswer)>;
  using Handler = std::function<void(const HttpQuestion& question, Reply reply)>;

  HttpService(net::Loop& loop, Handler handler);
  ~HttpService();
  HttpService(const HttpService&) = delete;
  HttpService& operator=(const HttpService&) = delete;

  /// Returns the bound address.
  Result<net::Address> listen(const net::Address& address);

  /// More at the same time are closed when they come.
  static constexpr size_t kMaxConnections = 256;

 private:
  class Connection;
  bool admit() override { return count_ < kMaxConnections; }
  void on_accept(net::Fd fd, const net::Address& remote) override;

  net::Loop& loop_;
  const Handler handler_;
  List<Connection, Connection> connections_;
  size_t count_ = 0;
  std::unique_ptr<net::Acceptor> acceptor_;
};

}  // namespace proa::mesh
