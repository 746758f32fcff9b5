// The end of a connection over TLS whose client is slow to read.
#include <gtest/gtest.h>

#include "net/tls/test_pair.h"
#include "proxy/listener.h"
#include "proxy/test_listener.h"
#include "proxy/worker_context.h"

namespace proa::proxy {
namespace {

struct TlsEnd : net::tls::TlsTest {
  /// A connection to a proxy that answers with `body`. Its socket has room for `room` bytes from now on.
  net::tls::TlsPair& serve(const std::string& body, size_t room) {
    net::tls::TlsPair& pair = connect(server_options(), client_options());
    EXPECT_TRUE(pair.finished()) << pair.why();
    pair.client.paused = true;
    pair.server_wire->limit_writes(room);
    auto chain = listeners.answering(body);
    listener = std::make_unique<Listener>(worker, listeners.listener(chain));
    DownstreamConnection::start(*listener, std::move(pair.server.transport), chain, {}, nullptr);
    return pair;
  }
  /// All that comes, and whether the end was told by close_notify.
  void expect_whole(net::tls::TlsPair& pair, const std::string& body) {
    pair.client.paused = false;
    pair.client.on_readable();
    loop.settle(400);
    EXPECT_TRUE(pair.client.bytes.ends_with(body)) << pair.client.bytes.size() << " bytes";
    EXPECT_EQ(pair.client.last, net::IoResult::State::kEof) << pair.client.transport->failure();
  }
  ~TlsEnd() override {
    if (listener) listener->close_all();
    loop.settle(4);
  }

  observe::Registry registry;
  TestListeners listeners{registry};
  SharedContext shared;
  WorkerContext worker{*loop, shared, 1, 1};
  std::unique_ptr<Listener> listener;
  const std::string body = std::string(15'000, 'b');
};

TEST_F(TlsEnd, an_answer_outlasts_the_time_that_an_ended_connection_is_kept) {
  auto& pair = serve(body, 10'000);
  pair.client.write("GET / HTTP/1.1\r\nhost: a.test\r\nconnection: close\r\n\r\n");
  loop.run_for(Milliseconds(10'000));
  expect_whole(pair, body);
}

TEST_F(TlsEnd, an_answer_reaches_a_client_that_has_ended_its_side) {
  auto& pair = serve(body, 10'000);
  pair.client.write("GET / HTTP/1.1\r\nhost: a.test\r\nconnection: close\r\n\r\n");
  pair.client.transport->shutdown_write();
  loop.run_for(Milliseconds(10'000));
  expect_whole(pair, body);
}

TEST_F(TlsEnd, a_client_that_takes_nothing_is_not_waited_for_for_ever) {
  auto& pair = serve(body, 100);
  pair.client.write("GET / HTTP/1.1\r\nhost: a.test\r\nconnection: close\r\n\r\n");
  loop.run_for(Milliseconds(50'000));
  EXPECT_FALSE(listener->http().empty());
  loop.run_for(Milliseconds(11'000));
  EXPECT_TRUE(listener->http().empty());
}

}  // namespace
}  // namespace proa::proxy
