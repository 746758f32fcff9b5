#include "net/loop.h"

#include <sys/eventfd.h>

#include <cassert>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/log.h"
#include "net/epoll_poller.h"

namespace proa::net {
namespace {

thread_local Loop* current_loop = nullptr;

constexpr uint64_t pack(WatchId id) { return uint64_t{id.generation} << 32 | id.slot; }

}  // namespace

Loop::Loop() : Loop(std::make_unique<EpollPoller>()) {}

Loop::Loop(std::unique_ptr<Poller> poller)
    : poller_(std::move(poller)),
      now_(poller_->now()),
      timers_(now_),
      previous_current_(current_loop),
      mailbox_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  current_loop = this;
  // Edge-triggered: each write wakes the loop, and the counter need never be read.
  if (!mailbox_ || poller_->add(mailbox_.get(), EPOLLIN | EPOLLET, kMailbox) != 0) {
    log::get("main").critical("no event loop: {}", std::strerror(errno));
    std::abort();
  }
}

Loop::~Loop() {
  // What was posted may own objects whose destructors defer more.
  {
    std::lock_guard lock(mutex_);
    running_.swap(posted_);
  }
  running_.clear();
  delete_deferred();
  if (current_loop == this) current_loop = previous_current_;
}

Loop& Loop::current() {
  assert(current_loop);
  return *current_loop;
}

WallTime Loop::wall_now() const {
  if (!wall_known_) {
    wall_now_ = poller_->wall_now();
    wall_known_ = true;
  }
  return wall_now_;
}

void Loop::post(std::move_only_function<void()> f) {
  bool first;
  {
    std::lock_guard lock(mutex_);
    first = posted_.empty();
    posted_.push_back(std::move(f));
  }
  if (first) ::eventfd_write(mailbox_.get(), 1);
}

void Loop::end_of_turn(EndOfTurn& hook) {
  if (!hook.linked()) hooks_.push_back(hook);
}

void Loop::defer_delete(std::unique_ptr<Deferred> object) { deferred_.push_back(std::move(object)); }

void Loop::run() {
  while (!stopping_.load(std::memory_order_acquire)) run_once(kNever);
  stopping_.store(false, std::memory_order_relaxed);
}

void Loop::stop() {
  stopping_.store(true, std::memory_order_release);
  ::eventfd_write(mailbox_.get(), 1);
}

Milliseconds Loop::wait_limit(Milliseconds max_wait) {
  if (!hooks_.empty() || !deferred_.empty()) return Milliseconds(0);
  Milliseconds timer = timers_.next_wait(poller_->now());
  if (timer.count() < 0) return max_wait;
  return max_wait.count() < 0 || timer < max_wait ? timer : max_wait;
}

void Loop::run_once(Milliseconds max_wait) {
  Loop* outer = std::exchange(current_loop, this);
  auto events = poller_->wait(wait_limit(max_wait));
  now_ = poller_->now();
  wall_known_ = false;
  busy_since_.store(now_.time_since_epoch().count(), std::memory_order_relaxed);
  for (const epoll_event& event : events) {
    if (event.data.u64 == kMailbox) run_posted();
  }
  for (const epoll_event& event : events) dispatch(event);
  timers_.advance(now_);
  run_hooks();
  delete_deferred();
  busy_since_.store(0, std::memory_order_relaxed);
  current_loop = outer;
}

void Loop::run_posted() {
  {
    std::lock_guard lock(mutex_);
    running_.swap(posted_);
  }
  for (auto& f : running_) {
    f();
    f = nullptr;  // what it owns dies now, not when the next one has run
  }
  running_.clear();
}

bool Loop::live(WatchId id) const {
  return id && id.slot < slots_.size() && slots_[id.slot].source && slots_[id.slot].generation == id.generation;
}

void Loop::dispatch(const epoll_event& event) {
  WatchId id{static_cast<uint32_t>(event.data.u64), static_cast<uint32_t>(event.data.u64 >> 32)};
  if (live(id)) slots_[id.slot].source->on_events(event.events);
}

void Loop::run_hooks() {
  // Hooks beget hooks (a flush frees room, which makes another connection write). A chain that does not end
  // continues in the next turn, so that it cannot starve the descriptors.
  for (int round = 0; round < 4 && !hooks_.empty(); ++round) {
    List<EndOfTurn, EndOfTurn> now;
    now.splice(hooks_);
    while (EndOfTurn* hook = now.pop_front()) hook->run();
  }
}

void Loop::delete_deferred() {
  while (!deferred_.empty()) {
    auto dying = std::move(deferred_);
    deferred_.clear();
    dying.clear();
  }
}

Result<WatchId> Loop::watch(int fd, uint32_t events, EventSource& source) {
  uint32_t slot;
  if (first_free_) {
    slot = first_free_ - 1;
    first_free_ = slots_[slot].next_free;
  } else {
    slot = static_cast<uint32_t>(slots_.size());
    slots_.emplace_back();
  }
  WatchId id{slot, slots_[slot].generation};
  slots_[slot].source = &source;
  if (int error = poller_->add(fd, events, pack(id))) {
    forget(id);
    return fail(std::string("cannot watch descriptor: ") + std::strerror(error));
  }
  return id;
}

Status Loop::rewatch(int fd, WatchId id, uint32_t events) {
  if (int error = poller_->modify(fd, events, pack(id))) {
    return fail(std::string("cannot watch descriptor: ") + std::strerror(error));
  }
  return {};
}

void Loop::unwatch(int fd, WatchId id) {
  if (!live(id)) return;
  poller_->remove(fd);
  forget(id);
}

void Loop::forget(WatchId id) {
  if (!live(id)) return;
  Slot& slot = slots_[id.slot];
  slot.source = nullptr;
  if (++slot.generation == 0) slot.generation = 1;
  slot.next_free = first_free_;
  first_free_ = id.slot + 1;
}

}  // namespace proa::net
