// What the codecs count, under http.PREFIX.http1. and http.PREFIX.http2.: one counter per anomaly.
#pragma once

#include "observe/stats.h"

namespace proa::proxy {

/// Indexed by http::CodecCounter. The group's name is "PREFIX.http1" or "PREFIX.http2".
extern const observe::StatSchema kCodecSchema;

}  // namespace proa::proxy
