#include "net/tls/session_cache.h"

namespace proa::net::tls {

void SessionCache::put(const std::string& key, SessionPtr session) {
  if (limit_ == 0) return;
  std::lock_guard lock(mutex_);
  entries_.push_front({key, std::move(session)});
  if (entries_.size() > limit_) entries_.pop_back();
}

SessionPtr SessionCache::take(const std::string& key) {
  std::lock_guard lock(mutex_);
  for (auto at = entries_.begin(); at != entries_.end();) {
    if (at->key != key) {
      ++at;
      continue;
    }
    if (!SSL_SESSION_is_resumable(at->session.get())) {
      at = entries_.erase(at);
      continue;
    }
    if (SSL_SESSION_get_protocol_version(at->session.get()) >= TLS1_3_VERSION) {
      SessionPtr out = std::move(at->session);
      entries_.erase(at);
      return out;
    }
    SSL_SESSION_up_ref(at->session.get());
    return SessionPtr(at->session.get());
  }
  return nullptr;
}

size_t SessionCache::size() const {
  std::lock_guard lock(mutex_);
  return entries_.size();
}

}  // namespace proa::net::tls
