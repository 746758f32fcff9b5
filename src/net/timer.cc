#include "net/timer.h"

#include <algorithm>
#include <bit>

#include "net/loop.h"

namespace proa::net {

void Timer::start(Loop& loop, Milliseconds delay) {
  if (delay.count() < 0) return stop();
  loop.timers().start(*this, loop.now(), delay);
}

TimerWheel::~TimerWheel() {
  for (auto& level : slots_) {
    for (auto& slot : level) {
      while (Timer* timer = slot.pop_front()) {
        timer->stop();
        timer->wheel_ = nullptr;
      }
    }
  }
}

uint64_t TimerWheel::tick_at(MonoTime time) const {
  return static_cast<uint64_t>(std::chrono::floor<Milliseconds>(time - start_).count());
}

uint64_t TimerWheel::tick_after(MonoTime time) const {
  return static_cast<uint64_t>(std::chrono::ceil<Milliseconds>(time - start_).count());
}

void TimerWheel::start(Timer& timer, MonoTime now, Milliseconds delay) {
  // A delay of centuries would overflow nanoseconds.
  delay = std::min<Milliseconds>(delay, std::chrono::hours(24 * 365 * 50));
  timer.deadline_ = std::max(tick_after(now + delay), elapsed_ + 1);
  if (timer.linked() && timer.wheel_ == this && timer.linked_at_ <= timer.deadline_) return;
  link(timer);
}

void TimerWheel::link(Timer& timer) {
  constexpr uint64_t kSpan = uint64_t{1} << (kLevels * kBits);
  uint64_t tick = std::max(timer.deadline_, elapsed_ + 1);
  tick = std::min(tick, elapsed_ + kSpan - 1);
  // The highest bit in which the tick differs from now says how coarse a slot will do. When the difference is above
  // the wheel, the last level takes it: the slot comes up early and the timer is linked again.
  int highest = 63 - std::countl_zero((elapsed_ ^ tick) | (kSlots - 1));
  int level = std::min(highest / kBits, kLevels - 1);
  int slot = static_cast<int>((tick >> (level * kBits)) & (kSlots - 1));
  timer.linked_at_ = tick;
  timer.wheel_ = this;
  slots_[level][slot].push_back(timer);
  occupied_[level] |= uint64_t{1} << slot;
}

bool TimerWheel::next_expiry(Expiry& out) {
  // A lower level always comes up before a higher one: its slots lie within the higher level's current slot.
  for (int level = 0; level < kLevels; ++level) {
    const int shift = level * kBits;
    const int at = static_cast<int>((elapsed_ >> shift) & (kSlots - 1));
    while (occupied_[level]) {
      int distance = std::countr_zero(std::rotr(occupied_[level], at));
      int slot = (at + distance) & (kSlots - 1);
      if (slots_[level][slot].empty()) {
        occupied_[level] &= ~(uint64_t{1} << slot);
        continue;
      }
      uint64_t base = (elapsed_ >> shift) - static_cast<uint64_t>(at);
      uint64_t turn = slot < at || (slot == at && level > 0) ? kSlots : 0;
      out = {(base + turn + static_cast<uint64_t>(slot)) << shift, level, slot};
      return true;
    }
  }
  return false;
}

void TimerWheel::expire(const Expiry& expiry) {
  elapsed_ = expiry.tick;
  occupied_[expiry.level] &= ~(uint64_t{1} << expiry.slot);
  Slot due;
  due.splice(slots_[expiry.level][expiry.slot]);
  while (Timer* timer = due.pop_front()) {
    timer->wheel_ = nullptr;
    if (!timer->active()) continue;
    if (timer->deadline_ > elapsed_) {
      link(*timer);
      continue;
    }
    timer->stop();
    timer->callback_.call(timer->callback_.object);  // may destroy the timer, or any other one in `due`
  }
}

void TimerWheel::advance(MonoTime now) {
  const uint64_t target = tick_at(now);
  Expiry next;
  while (next_expiry(next) && next.tick <= target) expire(next);
  elapsed_ = std::max(elapsed_, target);
}

Milliseconds TimerWheel::next_wait(MonoTime now) {
  Expiry next;
  if (!next_expiry(next)) return kNever;
  MonoTime due = start_ + Milliseconds(next.tick);
  return due <= now ? Milliseconds(0) : std::chrono::ceil<Milliseconds>(due - now);
}

}  // namespace proa::net
