// The compiled `tracing` of a connection manager: which requests are traced, how their context travels, what a span
// says, and where it goes. Immutable, shared by all workers.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "observe/formatter.h"
#include "observe/metadata_matcher.h"
#include "observe/stats.h"
#include "observe/stream_info.h"
#include "proxy/span_exporter.h"
#include "route/fraction.h"

namespace proa::proxy {

/// Why a request is traced or not, in "http.PREFIX.tracing".
enum class TracingStat : uint8_t { kRandomSampling, kServiceForced, kClientEnabled, kNotTraceable };
extern const observe::StatSchema kTracingSchema;

/// custom_tags[]. A tag without value is left out.
struct CustomTag {
  enum class Kind : uint8_t { kText, kHeader, kMetadata, kFormat } kind = Kind::kText;
  std::string name;
  std::string text;      ///< kText: the value, also of the environment; kHeader: the header's name, lower case
  std::string fallback;  ///< when there is none
  observe::MetadataSource source = observe::MetadataSource::kDynamic;
  std::string space;
  std::vector<std::string> path;
  observe::Formatter format;

  std::optional<std::string> value(const observe::StreamInfo& info) const;
};

enum class Propagation : uint8_t { kNone, kW3c, kB3, kB3AndW3c };

struct Tracer {
  // The decision. Percentages of requests, by their x-request-id, so that all hops agree.
  route::Fraction client_sampling{{100, 100}, "tracing.client_enabled"};
  route::Fraction random_sampling{{100, 100}, "tracing.random_sampling"};
  route::Fraction overall_sampling{{100, 100}, "tracing.global_enabled"};
  bool pack_reason = true;  ///< write the decision into x-request-id
  bool decide_by_request_id = true;
  bool always_on = false;  ///< an AlwaysOnSampler: whatever the context says

  // The context. Without a provider none is read or written.
  Propagation propagation = Propagation::kNone;
  bool inject = true;          ///< false: no_context_propagation
  bool share_span = false;     ///< B3: the server's span is the client's
  bool wide_trace_ids = true;  ///< new B3 traces have 128 bits

  // The span.
  bool egress = false;  ///< the listener's traffic_direction is OUTBOUND
  bool verbose = false;
  bool upstream_span = false;  ///< each attempt has a span of its own
  size_t max_path = 256;
  std::string node_id, zone;
  std::optional<observe::Formatter> operation, upstream_operation;
  std::vector<CustomTag> tags;

  std::shared_ptr<const ExportSpec> exporter;  ///< null: no provider
  std::shared_ptr<observe::StatGroup> decisions;
};

}  // namespace proa::proxy
