// What one stream has of one type: asked for, sent, and said of it. No socket, no clock, no protocol: sotw.cc and
// delta.cc turn requests into calls of this and what is due into responses.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "mesh/push/resource.h"

namespace proa::mesh {

/// How far a proxy is with one resource.
struct ResourceStatus {
  enum class State : uint8_t { kSent, kAcked, kNacked };
  State state = State::kSent;
  std::uint64_t hash = 0;  ///< of the version that was sent last
  std::string reason{};    ///< of the refusal
  WallTime since{};        ///< when the state began
};

/// What a response would have to say.
struct Due {
  std::vector<std::shared_ptr<const Resource>> resources;  ///< new to the proxy, or asked for again
  std::vector<std::string> removed;                        ///< gone, or asked for and not there
  bool removals_held_back = false;                         ///< there are some, which may not be said yet
  bool empty_answer = false;  ///< a first question for everything needs an answer even if there is nothing
  bool nothing() const { return resources.empty() && removed.empty() && !empty_answer; }
};

class Subscription {
 public:
  /// Has the wildcard, and names beside it or without it.
  bool wildcard() const { return wildcard_; }
  const std::set<std::string, std::less<>>& names() const { return names_; }
  bool wants(std::string_view name) const { return wildcard_ || names_.contains(name); }

  /// Of a former stream: what the proxy holds. An unreadable version counts as an old one.
  void holds(const std::string& name, std::string_view version);
  /// Asks for a name, for the first time or again: it is answered even if nothing has changed.
  void subscribe(const std::string& name);
  /// The same on a new stream, for what may be held already: then only if it has changed.
  void resume(const std::string& name);
  /// Sends it again, if the proxy wants it.
  void repeat(const std::string& name);
  void unsubscribe(const std::string& name);
  /// `answer`: even if there is nothing.
  void subscribe_all(bool answer = true);
  void unsubscribe_all();

  /// Compares with `all`, of which the proxy may see everything. `removals`: whether what is gone may be said.
  Due due(const ResourceSet::Named& all, bool removals) const;
  /// What `due` had was put into a response with this nonce.
  void sent(const Due& due, std::string nonce, MonoTime now, WallTime wall);
  /// All that the proxy has, or will have with responses under way. The pointer is null for what it holds from a former
  /// stream.
  struct Held {
    std::optional<std::uint64_t> hash;
    std::shared_ptr<const Resource> resource;
  };
  const std::map<std::string, Held, std::less<>>& held() const { return held_; }
  const std::map<std::string, ResourceStatus, std::less<>>& statuses() const { return statuses_; }

  /// The answer to a response; an empty `refusal` accepts it. Those sent before it count as answered too. False: no
  /// response with this nonce waits for an answer.
  bool answered(std::string_view nonce, std::string_view refusal, WallTime wall);
  /// A response is under way, and its answer is not overdue.
  bool waits() const { return !in_flight_.empty() && !overdue_; }
  /// The same, however long it takes.
  bool unanswered() const { return !in_flight_.empty(); }
  /// What was sent before `then` should have been answered: from now until the proxy has caught up, nothing waits. (Envoy
  /// answers for clusters only when all of them are warm; it may need the next push for that.)
  void lose_patience(MonoTime then);
  /// When the response that waits() is for was sent.
  MonoTime waits_since() const { return in_flight_.front().sent_at; }
  /// The proxy has asked, and has had no answer yet.
  bool asks() const { return !asked_.empty() || all_unanswered_; }
  const std::string& last_nonce() const { return last_nonce_; }

  bool dirty = true;  ///< something may be due: the owner's note, so that it need not compare each time

 private:
  struct InFlight {
    std::string nonce;
    MonoTime sent_at;
    std::vector<std::string> names;
  };
  void forget(std::string_view name);
  void refuse(const InFlight& response, std::string_view refusal, WallTime wall);

  bool wildcard_ = false;
  bool all_unanswered_ = false;
  std::set<std::string, std::less<>> names_;
  std::set<std::string, std::less<>> asked_;  // to be answered, whatever the answer is
  std::map<std::string, Held, std::less<>> held_;
  std::map<std::string, ResourceStatus, std::less<>> statuses_;
  std::deque<InFlight> in_flight_;
  std::string last_nonce_;
  bool overdue_ = false;
};

/// The version of a resource as proxies see it.
std::string version_text(std::uint64_t hash);
std::optional<std::uint64_t> version_hash(std::string_view text);

}  // namespace proa::mesh
