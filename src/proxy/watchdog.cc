#include "proxy/watchdog.h"

#include <fmt/format.h>
#include <pthread.h>

#include <algorithm>
#include <cmath>

#include "base/log.h"

namespace proa::proxy {
namespace {

enum class WatchdogStat : uint8_t { kMiss, kMegaMiss };
constexpr observe::StatDef kStats[] = {{"watchdog_miss"}, {"watchdog_mega_miss"}};
constexpr observe::StatSchema kMainThread{.prefix = "main_thread", .stats = kStats};
constexpr observe::StatSchema kWorkers{.prefix = "workers", .stats = kStats};
constexpr observe::StatSchema kTheMainThread{.prefix = "server.main_thread", .stats = kStats};
constexpr observe::StatSchema kAWorker{
    .prefix = "server", .stats = kStats, .status_prefixes = {}, .family = "server_worker"};

bool passed(Duration stuck, Milliseconds limit) { return limit > Milliseconds(0) && stuck > limit; }

}  // namespace

Watchdog::Watchdog(observe::Registry& registry, Kind kind, WatchdogLimits limits, Kill kill)
    : registry_(registry),
      kind_(kind),
      limits_(limits),
      kill_(std::move(kill)),
      whole_(registry, kind == Kind::kWorkers ? kWorkers : kMainThread, {}) {}

void Watchdog::watch(const std::string& thread, const net::Loop& loop) {
  std::unique_ptr<observe::StatGroup> stats;
  if (kind_ == Kind::kMainThread) {
    stats = std::make_unique<observe::StatGroup>(registry_, kTheMainThread, observe::StatName{});
  } else {
    const std::string id = thread.substr(thread.find('_') + 1);
    stats = std::make_unique<observe::StatGroup>(registry_, kAWorker,
                                                 observe::StatName{.name = thread, .tags = {{"envoy_worker_id", id}}});
  }
  watched_.push_back({.thread = thread, .loop = &loop, .stats = std::move(stats)});
}

void Watchdog::check(MonoTime now) {
  size_t hanging = 0;
  for (Watched& watched : watched_) {
    const MonoTime turn = watched.loop->busy_since();
    if (turn != watched.turn) {
      watched.turn = turn;
      watched.missed = watched.megamissed = false;
    }
    if (turn == MonoTime()) continue;  // it waits for something to do
    const Duration stuck = now - turn;
    count(watched, stuck);
    if (passed(stuck, limits_.kill)) {
      kill_(fmt::format("{} hangs for more than kill_timeout, {} ms", watched.thread, limits_.kill.count()));
    }
    hanging += passed(stuck, limits_.multikill);
  }
  const double share = std::ceil(limits_.multikill_share * static_cast<double>(watched_.size()));
  if (hanging >= std::max<size_t>(2, static_cast<size_t>(share))) {
    kill_(fmt::format("{} threads hang for more than multikill_timeout, {} ms", hanging, limits_.multikill.count()));
  }
}

void Watchdog::count(Watched& watched, Duration stuck) {
  auto once = [&](bool& counted, Milliseconds limit, WatchdogStat stat) {
    if (counted || !passed(stuck, limit)) return false;
    whole_.add(stat);
    watched.stats->add(stat);
    return counted = true;
  };
  once(watched.missed, limits_.miss, WatchdogStat::kMiss);
  if (once(watched.megamissed, limits_.megamiss, WatchdogStat::kMegaMiss)) {
    log::get("main").warn("{} hangs for more than {} ms", watched.thread, limits_.megamiss.count());
  }
}

WatchdogThread::WatchdogThread(std::vector<std::unique_ptr<Watchdog>> watchdogs) : watchdogs_(std::move(watchdogs)) {
  Milliseconds interval{1000};
  for (const auto& watchdog : watchdogs_) {
    const WatchdogLimits& limits = watchdog->limits();
    for (Milliseconds limit : {limits.miss, limits.megamiss, limits.kill, limits.multikill}) {
      if (limit > Milliseconds(0)) interval = std::min(interval, limit);
    }
  }
  thread_ = std::thread([this, interval] { run(interval); });
}

WatchdogThread::~WatchdogThread() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stop_.notify_one();
  thread_.join();
}

void WatchdogThread::run(Milliseconds interval) {
  ::pthread_setname_np(::pthread_self(), "watchdog");
  std::unique_lock lock(mutex_);
  while (!stop_.wait_for(lock, interval, [this] { return stopping_; })) {
    for (const auto& watchdog : watchdogs_) watchdog->check(std::chrono::steady_clock::now());
  }
}

}  // namespace proa::proxy
