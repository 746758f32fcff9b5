// One request's part in its trace: the decision, the context that goes upstream, and the spans at the end.
//
//   begin          the head is canonical: decide, read the client's context, make our span's identifiers
//   before_attempt a host is chosen: the context goes into the request, with a span of its own where asked
//   on_response    the operation's name travels between Envoys
//   finish         what was sampled becomes a Span and is queued
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "base/arena.h"
#include "http/message.h"
#include "observe/stream_info.h"
#include "observe/trace_context.h"
#include "proxy/tracer.h"
#include "route/route.h"

namespace proa::proxy {

class SpanExporters;
class WorkerContext;

/// The span of a copy of the request (mirror.h), which may outlive the request and its configuration.
struct CopySpan {
  observe::Span span;
  std::shared_ptr<const ExportSpec> exporter;
  SpanExporters& exporters;
};

/// Lives in the exchange's arena, beside the request and the StreamInfo it was begun with. One worker.
class RequestTrace {
 public:
  /// Sets trace_id, span_id and sampled of `info`, and packs the reason into the request's x-request-id.
  static RequestTrace* begin(const Tracer& tracer, http::RequestHead& request, observe::StreamInfo& info,
                             WorkerContext& worker, Arena& arena);
  RequestTrace(const Tracer& tracer, http::RequestHead& request, observe::StreamInfo& info, WorkerContext& worker,
               Arena& arena);

  /// `previous_status`: of the attempt before, 0 when it had no response; not looked at for the first.
  void before_attempt(const route::Route& route, uint16_t previous_status);
  /// A copy of the request for another cluster has a span of its own under ours, whose context goes into the copy.
  /// `sampled`: instead of our decision. Null: the span is not wanted.
  std::unique_ptr<CopySpan> begin_copy(http::RequestHead& copy, std::optional<bool> sampled) const;
  /// `route` may be null.
  void on_response(http::ResponseHead& head, const route::Route* route);
  /// The exchange is over: `info.end` is set.
  void finish(const route::Route* route);

  bool sampled() const { return context_.sampled.value_or(false); }

 private:
  bool decide();
  void read_context(bool traced);
  void make_ids(const observe::TraceContext* parent);
  uint64_t random_id() const;
  std::string_view operation(const route::Route* route);
  observe::Span span(uint64_t id, uint64_t parent, MonoTime start) const;
  void end_attempt(uint16_t status);
  void inject(const observe::TraceContext& context, http::HeaderList& headers) const;
  WallTime wall(MonoTime when) const;

  const Tracer& tracer_;
  http::RequestHead& request_;
  observe::StreamInfo& info_;
  WorkerContext& worker_;
  Arena& arena_;
  observe::TraceContext context_;  ///< ours: trace and our span
  uint64_t parent_ = 0;            ///< the client's span
  bool shared_ = false;            ///< our span is the client's
  std::string_view override_;      ///< the operation as another Envoy named it
  uint64_t attempt_ = 0;           ///< the span of the attempt under way; 0: none
  MonoTime attempt_start_{};
};

}  // namespace proa::proxy
