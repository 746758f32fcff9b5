#include "redirect/listener_search.h"

#include <fmt/format.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "base/number.h"

namespace proa::redirect {
namespace {

namespace fs = std::filesystem;

/// Of /proc/net/tcp: "socket:[INODE]" of the first socket that listens on the port; empty for none.
std::string listening_socket(const char* file, uint16_t port) {
  std::ifstream in(file);
  const std::string local = fmt::format(":{:04X}", port);
  std::string line;
  while (std::getline(in, line)) {
    std::istringstream words(line);
    std::string number, address, remote, state, queues, timer, retransmits, uid, timeout, inode;
    words >> number >> address >> remote >> state >> queues >> timer >> retransmits >> uid >> timeout >> inode;
    if (address.ends_with(local) && state == "0A") return fmt::format("socket:[{}]", inode);
  }
  return {};
}

net::Fd take(uint32_t pid, int fd) {
  net::Fd process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!process) return {};
  return net::Fd(static_cast<int>(::syscall(SYS_pidfd_getfd, process.get(), fd, 0)));
}

net::Fd find_socket(const std::string& name) {
  std::error_code failed;
  for (const fs::directory_entry& process : fs::directory_iterator("/proc", failed)) {
    const auto pid = parse_decimal<uint32_t>(process.path().filename().native());
    if (!pid) continue;
    for (const fs::directory_entry& fd : fs::directory_iterator(process.path() / "fd", failed)) {
      std::error_code gone;
      if (fs::read_symlink(fd.path(), gone).native() != name) continue;
      const auto number = parse_decimal<uint32_t>(fd.path().filename().native());
      if (number) return take(*pid, static_cast<int>(*number));
    }
  }
  return {};
}

}  // namespace

std::vector<FoundListener> find_listeners(uint16_t port) {
  std::vector<FoundListener> out;
  for (const bool ipv6 : {false, true}) {
    const std::string name = listening_socket(ipv6 ? "/proc/self/net/tcp6" : "/proc/self/net/tcp", port);
    if (name.empty()) continue;
    if (net::Fd found = find_socket(name)) out.push_back({std::move(found), ipv6});
  }
  return out;
}

}  // namespace proa::redirect
