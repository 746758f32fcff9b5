#include "mesh/agent/proxy_process.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <random>
#include <utility>

#include "base/log.h"

namespace proa::mesh {

namespace {

constexpr Milliseconds kAskEvery{20};
/// A proxy that has served for so long starts again at once.
constexpr std::chrono::seconds kSettled{30};

/// The sum of the gauges in Envoy's "name: value" lines.
int64_t sum_of(std::string_view lines) {
  int64_t sum = 0;
  while (!lines.empty()) {
    const size_t end = std::min(lines.find('\n'), lines.size());
    const std::string_view line = lines.substr(0, end);
    lines.remove_prefix(std::min(end + 1, lines.size()));
    const size_t colon = line.rfind(": ");
    if (colon == std::string_view::npos) continue;
    int64_t value = 0;
    std::from_chars(line.data() + colon + 2, line.data() + line.size(), value);
    sum += value;
  }
  return sum;
}

}  // namespace

ProxyProcess::ProxyProcess(net::Loop& loop, ProxyProcessOptions options, Events events)
    : loop_(loop),
      options_(std::move(options)),
      events_(std::move(events)),
      random_(std::random_device{}()),
      back_off_(options_.back_off),
      timer_(net::Timer::of<&ProxyProcess::on_timer>(this)),
      fetch_(loop) {}

std::expected<void, StartFailure> ProxyProcess::start() {
  auto started = start_process(options_.process);
  if (!started) return std::unexpected(started.error());
  pid_ = *started;
  state_ = State::kStarting;
  log::get("sidecar").info("the proxy is process {}", pid_);
  timer_.start(loop_, kAskEvery);
  return {};
}

void ProxyProcess::on_timer() {
  switch (state_) {
    case State::kStarting: return ask_ready();
    case State::kReady: return ask_inbound();
    case State::kBackOff:
      if (auto started = start(); !started) {
        log::get("sidecar").error("{}", started.error().why);
        timer_.start(loop_, back_off_.next(random_));
      }
      return;
    case State::kStopping:
      if (!std::exchange(hurried_, true)) {
        ::kill(pid_, SIGTERM);
        return timer_.start(loop_, std::chrono::seconds(1));
      }
      log::get("sidecar").warn("the proxy has not ended in time: it is killed");
      ::kill(pid_, SIGKILL);
      return;
    case State::kIdle:
    case State::kStopped: return;
  }
}

void ProxyProcess::ask_ready() {
  fetch_.start({.to = options_.admin, .path = "/ready"}, [this](Fetched fetched) {
    if (state_ != State::kStarting) return;
    last_answer_ = std::move(fetched.body);
    if (fetched.status != 200) return timer_.start(loop_, kAskEvery);
    state_ = State::kReady;
    ready_since_ = loop_.now();
    events_.ready();
  });
}

bool ProxyProcess::reaped(pid_t pid, int wait_status) {
  if (pid != pid_) return false;
  pid_ = 0;
  fetch_.cancel();
  timer_.stop();
  if (state_ == State::kStopping) {
    state_ = State::kStopped;
    drained();
    events_.stopped();
    return true;
  }
  if (state_ == State::kReady && loop_.now() - ready_since_ > kSettled) back_off_.reset();
  state_ = State::kBackOff;
  ++restarts_;
  const Milliseconds wait = back_off_.next(random_);
  log::get("sidecar").error("the proxy has ended with {}; it is started again in {} ms", end_of(wait_status),
                            wait.count());
  timer_.start(loop_, wait);
  drained();
  return true;
}

void ProxyProcess::drain_inbound(Milliseconds limit, std::function<void()> done) {
  drained_ = std::move(done);
  if (!ready()) return drained();
  drain_until_ = loop_.now() + limit;
  fetch_.start({.to = options_.admin, .method = "POST", .path = "/drain_listeners?inboundonly&graceful"},
               [this](const Fetched& fetched) {
                 if (fetched.status != 200) {
                   log::get("sidecar").warn("the proxy does not drain: {} {}", fetched.status, fetched.body);
                 }
                 ask_inbound();
               });
}

// Of Istio's names: listeners' managers are "inbound_ADDRESS_PORT", TCP proxies "inbound|PORT||".
void ProxyProcess::ask_inbound() {
  if (!drained_) return;
  if (loop_.now() >= drain_until_) return close_inbound();
  fetch_.start(
      {.to = options_.admin, .path = "/stats?usedonly&filter=(http%7Ctcp)%5C.inbound.*%5C.downstream_cx_active"},
      [this](const Fetched& fetched) { count_inbound(fetched); });
}

void ProxyProcess::count_inbound(const Fetched& fetched) {
  if (fetched.status != 200 || sum_of(fetched.body) == 0) return close_inbound();
  timer_.start(loop_, kAskEvery);
}

// Envoy accepts on during a graceful drain.
void ProxyProcess::close_inbound() {
  fetch_.start({.to = options_.admin, .method = "POST", .path = "/drain_listeners?inboundonly"},
               [this](const Fetched&) { drained(); });
}

void ProxyProcess::drained() {
  if (auto done = std::exchange(drained_, nullptr)) done();
}

void ProxyProcess::stop(Milliseconds grace) {
  fetch_.cancel();
  timer_.stop();
  drained_ = nullptr;
  if (pid_ == 0) {
    state_ = State::kStopped;
    return events_.stopped();
  }
  state_ = State::kStopping;
  ::kill(pid_, SIGTERM);
  timer_.start(loop_, grace);
}

}  // namespace proa::mesh
