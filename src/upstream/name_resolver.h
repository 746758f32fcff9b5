// Names to addresses, as discovery needs it: the seam between DNS clusters and the resolver.
#pragma once

#include <memory>
#include <string>

#include "net/dns.h"

namespace proa::upstream {

/// On the main thread.
class NameResolver {
 public:
  /// A question under way; destroy it to cancel.
  class Question {
   public:
    virtual ~Question() = default;
  };
  virtual ~NameResolver() = default;
  /// Answers once, never inside the call. The callback may destroy the question.
  virtual std::unique_ptr<Question> resolve(const std::string& name, net::DnsFamily family,
                                            net::DnsCallback callback) = 0;
};

/// c-ares; `resolver` outlives it and belongs to the main loop.
std::unique_ptr<NameResolver> system_names(net::Resolver& resolver);

}  // namespace proa::upstream
