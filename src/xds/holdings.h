// What is wanted of one type, what is held of it, and what is waited for. No bytes, no requests: those are the
// business of each kind of source.
//
//   wanted, not held  --asked--> waiting --arrives--> held --removed | time to live--> wanted, not held
//                                   |
//                                   +-- fetch time-out, absence: told once; it may arrive later all the same
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "xds/incoming.h"
#include "xds/observer.h"
#include "xds/protocol.h"
#include "xds/source.h"
#include "xds/type_url.h"

namespace proa::xds {

inline constexpr MonoTime kNoDeadline = MonoTime::max();

/// Time is passed in. The observer may call want() and unwant() inside of its events.
class Holdings {
 public:
  Holdings(std::string type_url, Observer& observer) : type_url_(std::move(type_url)), observer_(observer) {}

  const std::string& type_url() const { return type_url_; }

  /// True when the server must be asked: a name is new, or is wanted again and did not come before.
  bool want(std::string_view name, const SubscribeOptions& options, MonoTime now);
  /// True when nobody wants it any more. What was held stays until forget_unwanted(), so that an observer that
  /// replaces one subscriber by another loses nothing.
  bool unwant(std::string_view name);
  void forget_unwanted();
  bool wants(std::string_view name) const { return wanted_.contains(name); }
  bool wants_nothing() const { return wanted_.empty(); }
  bool wants_only_all() const { return wanted_.size() == 1 && wants(kWildcard); }
  /// There is a name that is wanted and not held.
  bool lacks_any() const;
  bool holds(std::string_view name) const { return held_.contains(name); }
  template <class F>
  void for_each_wanted(F f) const {
    for (const auto& [name, wanted] : wanted_) f(name);
  }
  template <class F>
  void for_each_version(F f) const {
    for (const auto& [name, kept] : held_) f(name, kept.version);
  }
  std::optional<Held> held(std::string_view name) const;
  void for_each_held(const std::function<void(std::string_view name, const Held&)>& visit) const;

  /// All that is wanted has been asked for: absence is counted from now on, where it is not yet.
  void asked(MonoTime now);
  /// Nothing can come: absence is not counted.
  void disconnected();
  /// The source has failed to bring anything.
  void failed();

  /// Takes what a response brings. Empty, or why parts of it are refused, by name.
  std::string apply(const Incoming& incoming, MonoTime now, WallTime wall);
  /// Takes out of `saved` what is wanted and not held, as if it had come. False when there is nothing of that kind.
  bool take_saved(SavedResources& saved, MonoTime now, WallTime wall);
  /// What is waited for will not come: names are absent, and the wildcard's fetch is over.
  void nothing_more();

  MonoTime next_deadline() const;
  void on_time(MonoTime now);
  /// Something that is wanted was given up for its age, since the last call.
  bool take_expired() { return std::exchange(expired_, false); }

 private:
  struct Wanted {
    size_t users = 0;
    std::shared_ptr<observe::StatGroup> stats;
  };
  struct Waiting {
    MonoTime fetch = kNoDeadline;
    MonoTime absent = kNoDeadline;
    bool for_ever = true;
  };
  struct Kept {
    std::string version;
    std::string body;
    MonoTime expires = kNoDeadline;
  };
  struct Plan;  // what apply() makes of a response
  template <class T>
  using ByName = std::map<std::string, T, std::less<>>;

  bool covers(std::string_view name) const { return wants(name) || wants(kWildcard); }
  observe::StatGroup* stats_of(std::string_view name) const;
  void sort(const Incoming& incoming, Plan& plan, MonoTime now);
  void sort_resource(const IncomingResource& resource, Plan& plan, MonoTime now);
  void keep(const Plan& plan, MonoTime now);
  void stop_waiting(const Plan& plan);
  void count(const Plan& plan, bool all_good, std::string_view version, WallTime wall);
  void tell_absent(std::string_view name);
  void drop_expired(MonoTime now);
  Held shown(const Kept& kept) const;

  std::string type_url_;
  Observer& observer_;
  ByName<Wanted> wanted_;
  ByName<Waiting> waiting_;
  ByName<Kept> held_;
  bool unwanted_ = false;  // forget_unwanted() has something to do
  bool with_ttl_ = false;  // something held may have a deadline
  bool expired_ = false;
};

}  // namespace proa::xds
