// A rule on a connection that somebody else decides: the connection waits for the word.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "filters/network_filter.h"
#include "net/loop.h"

namespace proa::upstream {
class Clusters;
}

namespace proa::filters {

/// A connection that waits. Destroying it stops the asking.
class PendingAdmission : public net::Deferred {
 public:
  /// The word, where it came at once.
  virtual std::optional<bool> answer() const = 0;
};

class AskingFilter : public NetworkFilter {
 public:
  /// After admit(). Null: there is nothing to ask. `done` comes in a later turn, unless the answer is there at once.
  /// `info` lives as long as what is returned.
  virtual std::unique_ptr<PendingAdmission> ask(observe::StreamInfo& info, upstream::Clusters& clusters,
                                                net::Loop& loop, std::function<void(bool)> done) const = 0;
};

}  // namespace proa::filters
