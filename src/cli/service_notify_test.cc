#include "cli/service_notify.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <cstdlib>
#include <filesystem>

namespace proa::cli {
namespace {

struct Notify : testing::Test {
  Notify() {
    for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) ::unsetenv(name);
  }
  /// systemd's end of the socket.
  void listen(const std::string& name) {
    ::setenv("NOTIFY_SOCKET", name.c_str(), 1);
    auto address = net::Address::unix_path(name);
    ASSERT_TRUE(address.has_value());
    sockaddr_storage storage;
    const socklen_t size = address->to_sockaddr(storage);
    socket.reset(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(::bind(socket.get(), reinterpret_cast<sockaddr*>(&storage), size), 0);
  }
  std::string received() {
    char bytes[256];
    const ssize_t n = ::recv(socket.get(), bytes, sizeof bytes, MSG_DONTWAIT);
    return n < 0 ? "(nothing)" : std::string(bytes, static_cast<size_t>(n));
  }
  net::Fd socket;
};

TEST_F(Notify, messages_to_an_abstract_socket) {
  listen(fmt::format("@proa-notify-test-{}", ::getpid()));
  auto service = ServiceNotify::from_environment();
  ASSERT_TRUE(service.has_value());
  service->ready();
  EXPECT_EQ(received(), "READY=1");
  service->reloading(MonoTime(std::chrono::milliseconds(12)));
  EXPECT_EQ(received(), "RELOADING=1\nMONOTONIC_USEC=12000");
  service->stopping();
  EXPECT_EQ(received(), "STOPPING=1");
  service->alive();
  EXPECT_EQ(received(), "WATCHDOG=1");
  service->main_process(77);
  EXPECT_EQ(received(), "MAINPID=77");
}

TEST_F(Notify, messages_to_a_path) {
  const std::string path = testing::TempDir() + fmt::format("notify-{}.sock", ::getpid());
  listen(path);
  ServiceNotify::from_environment()->ready();
  EXPECT_EQ(received(), "READY=1");
  std::filesystem::remove(path);
}

TEST_F(Notify, without_systemd_nothing_is_said) {
  auto service = ServiceNotify::from_environment();
  ASSERT_TRUE(service.has_value());
  service->ready();
  EXPECT_FALSE(service->alive_interval());
}

TEST_F(Notify, an_address_that_is_none_is_refused) {
  ::setenv("NOTIFY_SOCKET", "run/notify", 1);
  EXPECT_FALSE(ServiceNotify::from_environment().has_value());
}

TEST_F(Notify, alive_is_said_twice_in_the_time_that_systemd_waits) {
  ::setenv("WATCHDOG_USEC", "3000000", 1);
  EXPECT_EQ(ServiceNotify::from_environment()->alive_interval(), Milliseconds(1500));
  ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
  EXPECT_EQ(ServiceNotify::from_environment()->alive_interval(), Milliseconds(1500));
  EXPECT_EQ(std::getenv("WATCHDOG_PID"), nullptr) << "a successor is watched in turn";
  ::setenv("WATCHDOG_PID", "1", 1);
  EXPECT_FALSE(ServiceNotify::from_environment()->alive_interval()) << "another process is watched";
  ::setenv("WATCHDOG_USEC", "soon", 1);
  EXPECT_FALSE(ServiceNotify::from_environment()->alive_interval());
}

}  // namespace
}  // namespace proa::cli
