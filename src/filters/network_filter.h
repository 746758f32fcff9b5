// A rule on a connection, asked once when it is accepted (and its TLS handshake is done), before anything is sent
// to an upstream: RBAC, connection limits and rate limits at layer 4.
#pragma once

#include <memory>
#include <optional>

#include "base/clock.h"
#include "filters/foreseen.h"
#include "observe/stream_info.h"

namespace proa::filters {

/// Immutable, shared by all workers.
class NetworkFilter {
 public:
  virtual ~NetworkFilter() = default;
  /// False closes the connection; the filter has then set info.response_code_details and
  /// connection_termination_details to static strings or ones in `arena`.
  virtual bool admit(observe::StreamInfo& info, Arena& arena) const = 0;
  /// What admit() would come to, without counting. nullopt: it takes more than the connection to tell.
  virtual std::optional<Foreseen> foresee(observe::StreamInfo&, Arena&) const { return std::nullopt; }
  /// An admitted connection has closed.
  virtual void on_close() const {}
  /// How often report() is called while a connection is relayed; 0: only at its end; kNever: never.
  virtual Milliseconds report_interval() const { return kNever; }
  /// What has been relayed so far; `last`: the connection has closed. `state` is the filter's own for this connection,
  /// null at first.
  virtual void report(const observe::StreamInfo& /*info*/, bool /*last*/, std::shared_ptr<void>& /*state*/) const {}
};

}  // namespace proa::filters
