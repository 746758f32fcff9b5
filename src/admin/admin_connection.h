// One connection of the admin surface: HTTP/1.1, one request after the other.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "admin/page.h"
#include "base/list.h"
#include "http/codec_pump.h"
#include "http/stream.h"
#include "net/timer.h"

namespace proa::admin {

/// Main thread. Destroys itself when it has closed; `admin` and `list` outlive it.
class AdminConnection final : public http::CodecPump,
                              public http::ServerHandler,
                              public net::Deferred,
                              public ListLink<AdminConnection> {
 public:
  using List = proa::List<AdminConnection, AdminConnection>;

  static void start(Admin& admin, List& list, std::unique_ptr<net::Transport> transport);
  ~AdminConnection() override;

  /// A connection that moves no byte for so long is closed.
  static constexpr Milliseconds kIdleTimeout{120'000};

 private:
  AdminConnection(Admin& admin, std::unique_ptr<net::Transport> transport);

  http::RequestReceiver& on_request(http::ServerStream& stream, http::RequestHead& head, std::unique_ptr<Arena> arena,
                                    bool end) override;
  Response respond_to(const http::RequestHead& head);
  void send(http::ServerStream& stream, const Response& response, Arena& arena);
  void log(const http::RequestHead& head, const Response& response, MonoTime started);
  void count(http::CodecCounter) override {}
  void on_progress() override { idle_timer_.start(loop(), kIdleTimeout); }
  void on_idle() { abort(); }
  void on_closed() override;

  Admin& admin_;
  net::Timer idle_timer_;
};

}  // namespace proa::admin
