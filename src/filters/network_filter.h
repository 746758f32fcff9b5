// A rule on a connection, asked once when it is accepted (and its TLS handshake is done), before anything is sent
// to an upstream: RBAC, connection limits and rate limits at layer 4.
#pragma once

#include "observe/stream_info.h"

namespace proa::filters {

/// Immutable, shared by all workers.
class NetworkFilter {
 public:
  virtual ~NetworkFilter() = default;
  /// False closes the connection; the filter has then set info.response_code_details and
  /// connection_termination_details to static strings or ones in `arena`.
  virtual bool admit(observe::StreamInfo& info, Arena& arena) const = 0;
  /// An admitted connection has closed.
  virtual void on_close() const {}
};

}  // namespace proa::filters
