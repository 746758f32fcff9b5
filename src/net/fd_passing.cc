#include "net/fd_passing.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <cerrno>
#include <cstring>

namespace proa::net {
namespace {

constexpr size_t kControlSize = CMSG_SPACE(kMaxPassedFds * sizeof(int));

std::unexpected<Error> failed(std::string_view what) {
  return fail("cannot " + std::string(what) + " descriptors: " + std::strerror(errno));
}

}  // namespace

Status send_fds(int socket, std::string_view bytes, std::span<const int> fds) {
  if (bytes.empty()) return fail("descriptors need at least one byte to travel with");
  if (fds.size() > kMaxPassedFds) return fail("at most 253 descriptors go in one message");
  alignas(cmsghdr) char control[kControlSize];
  iovec piece{const_cast<char*>(bytes.data()), bytes.size()};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  if (!fds.empty()) {
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(fds.size_bytes());
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(fds.size_bytes());
    std::memcpy(CMSG_DATA(header), fds.data(), fds.size_bytes());
  }
  size_t sent = 0;
  while (sent < bytes.size()) {
    ssize_t n = ::sendmsg(socket, &message, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failed("send");
    sent += static_cast<size_t>(n);
    piece = {const_cast<char*>(bytes.data()) + sent, bytes.size() - sent};
    message.msg_control = nullptr;  // they went with the first bytes
    message.msg_controllen = 0;
  }
  return {};
}

Result<FdMessage> receive_fds(int socket, size_t max_bytes) {
  FdMessage out;
  out.bytes.resize(max_bytes);
  alignas(cmsghdr) char control[kControlSize];
  iovec piece{out.bytes.data(), out.bytes.size()};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t n;
  do {
    n = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  } while (n < 0 && errno == EINTR);
  if (n < 0) return failed("receive");
  out.bytes.resize(static_cast<size_t>(n));
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; ++i) {
      int fd;
      std::memcpy(&fd, CMSG_DATA(header) + i * sizeof fd, sizeof fd);
      out.fds.emplace_back(fd);
    }
  }
  if (message.msg_flags & MSG_CTRUNC) return fail("some of the passed descriptors were lost: too many, or none free");
  return out;
}

}  // namespace proa::net
