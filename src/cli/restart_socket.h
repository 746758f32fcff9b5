// The Unix socket over which processes with the same base id hand over to each other in a hot restart.
//
// Its name is in the abstract namespace: nothing is left in the file system, and a dead process's name is free. Such
// names have no permissions, so each side asks the kernel who the other one is, and talks only to its own user.
// Messages keep their bounds (SOCK_SEQPACKET):
//
//   new process                     old process
//   take 1                      ->
//                               <-  proa 1 EPOCH AGE_MS SOCKETS
//                               <-  PURPOSE ADDRESS, a line for each descriptor that comes with it; several messages
//   (warms up, serves)
//   drain SPREAD_MS LIMIT_MS    ->
//                               <-  ok: its admin listener and this socket are closed, it accepts no more
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/fd.h"

namespace proa::cli {

/// Of the messages above. Processes of different versions do not hand over to each other.
inline constexpr uint64_t kRestartProtocol = 1;
/// Most bytes and descriptors in one message.
inline constexpr size_t kMaxRestartMessage = 32 * 1024;
inline constexpr size_t kMaxSocketsAtOnce = 100;

/// The numbers of a message "WORD N N ..."; none when it is another one or has not `count` of them.
std::vector<uint64_t> numbers_of(std::string_view message, std::string_view word, size_t count);

/// "@proa-proxy/BASE_ID"
std::string restart_socket_name(uint32_t base_id);
/// Listens, non-blocking. Fails when another process has the name.
Result<net::Fd> open_restart_socket(uint32_t base_id);
/// Connects, and makes sure that `user` is who listens there. Calls on it wait ten seconds at most.
Result<net::Fd> connect_restart_socket(uint32_t base_id, uid_t user);
/// The next connection of the socket, on which calls wait two seconds; an error tells of one that `user` did not make.
Result<net::Fd> accept_restart(int socket, uid_t user);
/// The process on the other side of a connection; of one that was accepted.
pid_t peer_process(int fd);

}  // namespace proa::cli
