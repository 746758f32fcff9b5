// Sessions of a client, by the peer they were made with. Private to this folder.
#pragma once

#include <list>
#include <mutex>
#include <string>

#include "net/tls/openssl.h"

namespace proa::net::tls {

/// Thread-safe. Holds at most `limit` sessions; the oldest goes first.
class SessionCache {
 public:
  explicit SessionCache(size_t limit) : limit_(limit) {}

  void put(const std::string& key, SessionPtr session);
  /// A session to resume with that peer, or null. One of TLS 1.3 is taken out: a ticket used twice lets an onlooker
  /// link the connections (RFC 8446 appendix C.4).
  SessionPtr take(const std::string& key);
  size_t size() const;

 private:
  struct Entry {
    std::string key;
    SessionPtr session;
  };
  const size_t limit_;
  mutable std::mutex mutex_;
  std::list<Entry> entries_;  // newest first; few, or the list would be a table
};

}  // namespace proa::net::tls
