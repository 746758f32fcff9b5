#include "cli/restart_successor.h"

#include <fmt/format.h>

#include "cli/restart_socket.h"
#include "net/fd_passing.h"

namespace proa::cli {
namespace {

std::unexpected<Error> not_understood() { return fail("the old process says what this one does not understand"); }

Result<net::FdMessage> receive(int fd) {
  auto message = net::receive_fds(fd, kMaxRestartMessage);
  if (message && message->bytes.empty()) return fail("the old process has closed the socket of the hot restart");
  return message;
}

}  // namespace

Result<RestartSuccessor> RestartSuccessor::take_over(uint32_t base_id, uid_t user) {
  RestartSuccessor made;
  Result<net::Fd> connection = connect_restart_socket(base_id, user);
  if (!connection) return std::unexpected(connection.error());
  made.connection_ = std::move(*connection);
  size_t sockets = 0;
  Status done = net::send_fds(made.connection_.get(), fmt::format("take {}", kRestartProtocol), {});
  if (done) done = made.read_hello(sockets);
  if (done) done = made.read_sockets(sockets);
  if (!done) return std::unexpected(done.error());
  return made;
}

Status RestartSuccessor::read_hello(size_t& sockets) {
  auto hello = receive(connection_.get());
  if (!hello) return std::unexpected(hello.error());
  const std::vector<uint64_t> said = numbers_of(hello->bytes, "proa", 4);
  if (said.empty() || said[0] != kRestartProtocol) return not_understood();
  epoch_ = static_cast<uint32_t>(said[1]);
  age_ = Milliseconds(said[2]);
  sockets = said[3];
  return {};
}

Status RestartSuccessor::read_sockets(size_t count) {
  while (count > 0) {
    auto message = receive(connection_.get());
    if (!message) return std::unexpected(message.error());
    std::string_view lines = message->bytes;
    for (net::Fd& fd : message->fds) {
      const std::string_view line = lines.substr(0, lines.find('\n'));
      const size_t space = line.find(' ');
      if (space == line.npos || line.size() == lines.size() || count == 0) return not_understood();
      lines.remove_prefix(line.size() + 1);
      const std::string_view purpose = line.substr(0, space);
      std::string address(line.substr(space + 1));
      --count;
      if (purpose == "listener") {
        listeners_[std::move(address)].push_back(std::move(fd));
      } else if (purpose == "admin") {
        admin_address_ = std::move(address);
        admin_socket_ = std::move(fd);
      } else if (purpose == "restart") {
        restart_socket_ = std::move(fd);
      } else {
        return not_understood();
      }
    }
    if (message->fds.empty() || !lines.empty()) return not_understood();
  }
  return restart_socket_ ? Status() : not_understood();
}

net::Fd RestartSuccessor::admin_socket(const std::string& address) {
  return address == admin_address_ ? std::move(admin_socket_) : net::Fd();
}

Status RestartSuccessor::step_in(const proxy::DrainPlan& plan) {
  const std::string request = fmt::format("drain {} {}", plan.spread.count(), plan.limit.count());
  if (Status sent = net::send_fds(connection_.get(), request, {}); !sent) return sent;
  auto answer = receive(connection_.get());
  if (!answer) return std::unexpected(answer.error());
  if (answer->bytes != "ok") return not_understood();
  connection_.reset();
  return {};
}

}  // namespace proa::cli
