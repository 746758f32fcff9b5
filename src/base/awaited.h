// Something that comes later, or never: routes, a secret. What refers to it warms until then.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace proa {

/// One thread, the main one. Arrives once; what changes later is no business of this.
class Awaited {
 public:
  virtual ~Awaited() = default;
  bool arrived() const { return arrived_; }
  /// It is there, or is not waited for any longer.
  void arrive() {
    arrived_ = true;
    for (auto& f : std::exchange(waiting_, {})) f();
  }
  /// `f` runs within arrive(). Not for what has arrived.
  void when_arrived(std::function<void()> f) { waiting_.push_back(std::move(f)); }

 private:
  bool arrived_ = false;
  std::vector<std::function<void()>> waiting_;
};

using AwaitedList = std::vector<std::shared_ptr<Awaited>>;

inline bool all_arrived(const AwaitedList& list) {
  return std::ranges::all_of(list, [](const auto& one) { return one->arrived(); });
}

/// `f` runs when the last one of `list` has arrived: at once when there is none to wait for.
inline void when_all_arrived(const AwaitedList& list, const std::function<void()>& f) {
  auto missing = std::ranges::find_if(list, [](const auto& one) { return !one->arrived(); });
  if (missing == list.end()) return f();
  (*missing)->when_arrived([rest = AwaitedList(missing + 1, list.end()), f] { when_all_arrived(rest, f); });
}

}  // namespace proa
