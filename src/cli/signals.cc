#include "cli/signals.h"

#include <sys/epoll.h>
#include <sys/signalfd.h>

#include <csignal>
#include <cstring>

namespace proa::cli {

Result<std::unique_ptr<SignalEvents>> SignalEvents::make(net::Loop& loop, std::function<void(int)> on_signal,
                                                         std::initializer_list<int> more) {
  std::signal(SIGPIPE, SIG_IGN);
  sigset_t set;
  sigemptyset(&set);
  for (int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGCHLD}) sigaddset(&set, signal);
  for (int signal : more) sigaddset(&set, signal);
  if (pthread_sigmask(SIG_BLOCK, &set, nullptr) != 0) return fail("cannot block signals");
  net::Fd fd(::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
  if (!fd) return fail(std::string("cannot make a signalfd: ") + std::strerror(errno));
  std::unique_ptr<SignalEvents> events(new SignalEvents(loop, std::move(fd), std::move(on_signal)));
  Result<net::WatchId> id = loop.watch(events->fd_.get(), EPOLLIN, *events);
  if (!id) return std::unexpected(id.error());
  events->id_ = *id;
  return events;
}

SignalEvents::SignalEvents(net::Loop& loop, net::Fd fd, std::function<void(int)> on_signal)
    : loop_(loop), fd_(std::move(fd)), on_signal_(std::move(on_signal)) {}

SignalEvents::~SignalEvents() { loop_.unwatch(fd_.get(), id_); }

void SignalEvents::on_events(uint32_t) {
  signalfd_siginfo info;
  while (::read(fd_.get(), &info, sizeof info) == sizeof info) on_signal_(static_cast<int>(info.ssi_signo));
}

}  // namespace proa::cli
