#include "admin/admin_server.h"

#include <sys/stat.h>
#include <unistd.h>

#include "admin/test_server.h"
#include "net/memory_transport.h"
#include "net/socket_transport.h"
#include "net/test_loop.h"

namespace proa::admin {
namespace {

// ---- a connection over memory, with a fake clock ----

struct Connection : testing::Test {
  Connection() {
    auto wires = net::MemoryTransport::make_pair(*loop);
    client = std::move(wires.first);
    wires.second->info().local = *net::Address::parse("127.0.0.1:9901");
    AdminConnection::start(admin, list, std::move(wires.second));
  }
  ~Connection() override {
    while (AdminConnection* connection = list.pop_front()) delete connection;
  }
  std::string ask(std::string_view request) {
    client->send(request);
    loop.settle();
    return client->receive();
  }
  static std::string get(std::string_view path, std::string_view headers = "host: localhost\r\n") {
    return "GET " + std::string(path) + " HTTP/1.1\r\n" + std::string(headers) + "\r\n";
  }

  net::TestLoop loop;
  observe::Registry registry;
  proxy::Server server{loop, registry, {}};
  int quits = 0;
  Admin admin{[this] {
    AdminContext context{.server = server, .config = {}, .version = "1"};
    context.quit = [this] { ++quits; };
    return context;
  }()};
  AdminConnection::List list;
  std::unique_ptr<net::MemoryTransport> client;
};

TEST_F(Connection, answers_with_headers_that_keep_browsers_from_guessing) {
  const std::string response = ask(get("/ready"));
  EXPECT_TRUE(response.starts_with("HTTP/1.1 503 ")) << response;
  EXPECT_TRUE(response.ends_with("\r\n\r\nPRE_INITIALIZING\n")) << response;
  for (auto header : {"\r\ncontent-type: text/plain; charset=UTF-8\r\n", "\r\ncache-control: no-cache, max-age=0\r\n",
                      "\r\nx-content-type-options: nosniff\r\n", "\r\ncontent-length: 17\r\n"}) {
    EXPECT_NE(response.find(header), response.npos) << header;
  }
  const std::string home = ask(get("/"));
  EXPECT_NE(home.find("\r\ncontent-security-policy: default-src 'none';"), home.npos);
}

TEST_F(Connection, serves_one_request_after_the_other) {
  EXPECT_TRUE(ask(get("/help")).starts_with("HTTP/1.1 200 OK\r\n"));
  const std::string both = ask(get("/help") + get("/memory"));
  EXPECT_NE(both.find("admin commands are"), both.npos);
  EXPECT_NE(both.find("heap_size"), both.npos);
}

TEST_F(Connection, head_has_no_body) {
  const std::string response = ask("HEAD /help HTTP/1.1\r\nhost: localhost\r\n\r\n");
  EXPECT_TRUE(response.starts_with("HTTP/1.1 200 ")) << response;
  EXPECT_TRUE(response.ends_with("\r\n\r\n"));
}

TEST_F(Connection, body_of_a_request_is_dropped) {
  const std::string first =
      ask("POST /quitquitquit HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\n\r\nhello" + get("/help"));
  EXPECT_TRUE(first.starts_with("HTTP/1.1 200 OK\r\n")) << first;
  EXPECT_NE(first.find("admin commands are"), first.npos) << "the connection goes on after the body";
  EXPECT_EQ(quits, 1);
}

TEST_F(Connection, large_body_ends_the_connection_but_not_the_answer) {
  const std::string response =
      ask("POST /healthcheck/ok HTTP/1.1\r\nhost: localhost\r\ncontent-length: 99999999\r\n\r\n");
  EXPECT_TRUE(response.starts_with("HTTP/1.1 200 OK\r\n")) << response;
  EXPECT_NE(response.find("connection: close"), response.npos);
}

TEST_F(Connection, rebound_names_and_cross_site_posts_change_nothing) {
  EXPECT_TRUE(ask("POST /quitquitquit HTTP/1.1\r\nhost: evil.example:9901\r\n\r\n").starts_with("HTTP/1.1 403 "));
  EXPECT_TRUE(ask("POST /quitquitquit HTTP/1.1\r\nhost: localhost\r\norigin: https://evil.example\r\n\r\n")
                  .starts_with("HTTP/1.1 403 "));
  EXPECT_EQ(quits, 0);
}

TEST_F(Connection, get_does_not_quit) {
  const std::string response = ask(get("/quitquitquit"));
  EXPECT_TRUE(response.starts_with("HTTP/1.1 405 ")) << response;
  EXPECT_NE(response.find("\r\nallow: POST\r\n"), response.npos);
  EXPECT_EQ(quits, 0);
}

TEST_F(Connection, malformed_request_is_refused) {
  EXPECT_TRUE(ask("GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n").starts_with("HTTP/1.1 400 "));
}

TEST_F(Connection, idle_connection_is_closed) {
  ask(get("/help"));
  EXPECT_FALSE(list.empty());
  loop.run_for(AdminConnection::kIdleTimeout + Milliseconds(10));
  loop.settle();
  EXPECT_TRUE(list.empty());
}

TEST_F(Connection, reader_that_stops_is_closed) {
  client->limit_writes(0);
  auto& peer = list.front();
  static_cast<net::MemoryTransport&>(peer.transport()).limit_writes(100);
  client->limit_writes(100000);
  client->send(get("/help"));
  loop.settle();
  loop.run_for(AdminConnection::kIdleTimeout * 2);
  loop.settle();
  EXPECT_TRUE(list.empty());
}

// ---- real sockets ----

struct Sockets : ServerTest, net::TransportObserver {
  void on_readable() override {
    char buffer[4096];
    for (;;) {
      net::IoResult result = client->read(buffer, sizeof buffer);
      if (!result.ok()) {
        ended = result.state != net::IoResult::State::kBlocked;
        break;
      }
      received.append(buffer, result.bytes);
      if (result.drained) break;
    }
    if (ended) loop.stop();
  }
  void on_writable() override {}
  void on_hangup() override { loop.stop(); }
  void on_connected() override {
    iovec piece{request.data(), request.size()};
    client->writev(std::span(&piece, 1));
  }
  std::string ask(const net::Address& address, std::string text) {
    request = std::move(text);
    auto connected = net::SocketTransport::connect(loop, address, {});
    EXPECT_TRUE(connected.has_value());
    client = std::move(*connected);
    client->observe(this);
    loop.run();
    client.reset();
    return std::exchange(received, {});
  }
  std::unique_ptr<net::SocketTransport> client;
  std::string request, received;
  bool ended = false;
};

constexpr std::string_view kAskReady = "GET /ready HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";

TEST_F(Sockets, tcp_on_a_port_that_the_kernel_chose) {
  serve(TestConfig().yaml());
  auto admin_server = AdminServer::make(loop, context());
  ASSERT_TRUE(admin_server.has_value()) << admin_server.error().message;
  EXPECT_NE((*admin_server)->address().port(), 0);
  const std::string response = ask((*admin_server)->address(), std::string(kAskReady));
  EXPECT_TRUE(response.ends_with("\r\n\r\nLIVE\n")) << response;
}

TEST_F(Sockets, unix_socket_has_its_mode_and_takes_any_host) {
  AdminContext with_path = context();
  const std::string path = testing::TempDir() + "proa_admin_" + std::to_string(::getpid());
  with_path.config.address = *net::Address::unix_path(path);
  with_path.config.unix_mode = 0600;
  auto admin_server = AdminServer::make(loop, std::move(with_path));
  ASSERT_TRUE(admin_server.has_value()) << admin_server.error().message;
  struct stat status{};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  const std::string response =
      ask(*net::Address::unix_path(path), "GET /help HTTP/1.1\r\nhost: proxy\r\nconnection: close\r\n\r\n");
  EXPECT_TRUE(response.starts_with("HTTP/1.1 200 OK\r\n")) << response;
  ::unlink(path.c_str());
}

TEST_F(Sockets, address_in_use_is_an_error) {
  auto first = AdminServer::make(loop, context());
  ASSERT_TRUE(first.has_value());
  AdminContext second = context();
  second.config.address = (*first)->address();
  auto refused = AdminServer::make(loop, std::move(second));
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().message.find("admin: "), std::string::npos);
}

}  // namespace
}  // namespace proa::admin
