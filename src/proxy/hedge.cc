// Hedging (HedgePolicy.hedge_on_per_try_timeout): an attempt whose time is over goes on, another one starts beside it,
// and the first good response wins. All of them have been sent the whole request.
#include <algorithm>

#include "proxy/exchange.h"
#include "route/retry_decision.h"
#include "upstream/worker_cluster.h"

namespace proa::proxy {

void Exchange::attempt_slow(Attempt& attempt) {
  cluster_->cluster().report(attempt.host(), upstream::Outcome::kTimeout);
  if (!over() && !response_started_ && look_at(attempt)) signals_.set(Signal::kOutcome);
}

/// Makes `attempt` the one that is judged. False: it does not count any more.
bool Exchange::look_at(Attempt& attempt) {
  if (&attempt == attempt_) return true;
  auto found = std::ranges::find(others_, &attempt);
  if (found == others_.end()) return false;
  if (attempt_->running()) {
    *found = attempt_;
  } else {
    others_.erase(found);
  }
  attempt_ = &attempt;
  note_host(attempt.host());
  if (upstream::Connection* connection = attempt.connection()) {
    note_connection(connection->info(), connection->version());
  }
  return true;
}

/// The attempt has come to nothing good, and others may still: those under way, or one that waits for its time.
bool Exchange::give_way() {
  if (others_.empty() && !backoff_timer_.active()) return false;
  if (attempt_->response() && !route::should_retry(retry_, *attempt_->response())) return false;
  attempt_->cancel();
  if (!others_.empty()) look_at(*others_.back());
  return true;
}

/// One response has been chosen.
void Exchange::drop_others() {
  for (Attempt* other : others_) other->cancel();
  others_.clear();
  if (!backoff_timer_.active()) return;
  backoff_timer_.stop();
  release_retry();
}

}  // namespace proa::proxy
