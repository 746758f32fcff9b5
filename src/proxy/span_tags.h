// What Envoy's spans say of an exchange, under Envoy's names.
#pragma once

#include "observe/span.h"
#include "observe/stream_info.h"
#include "proxy/tracer.h"

namespace proa::proxy {

/// Of the whole exchange, once it is over.
void add_request_tags(const Tracer& tracer, const observe::StreamInfo& info, observe::Span& to);
/// Of one attempt; `status` 0: there was no response.
void add_attempt_tags(const Tracer& tracer, const observe::StreamInfo& info, uint16_t status, observe::Span& to);

}  // namespace proa::proxy
