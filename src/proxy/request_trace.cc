#include "proxy/request_trace.h"

#include "net/loop.h"
#include "proxy/request_id.h"
#include "proxy/span_tags.h"
#include "proxy/worker_context.h"

namespace proa::proxy {

using http::HeaderId;
using observe::Span;
using observe::SpanKind;
using observe::TraceContext;

namespace {

/// Envoy samples by x-request-id modulo this.
constexpr uint64_t kSamplingRange = 10'000;

TracingStat counter_of(TraceReason reason) {
  switch (reason) {
    case TraceReason::kSampled: return TracingStat::kRandomSampling;
    case TraceReason::kForced: return TracingStat::kServiceForced;
    case TraceReason::kClient: return TracingStat::kClientEnabled;
    case TraceReason::kNone: break;
  }
  return TracingStat::kNotTraceable;
}

}  // namespace

RequestTrace* RequestTrace::begin(const Tracer& tracer, http::RequestHead& request, observe::StreamInfo& info,
                                  WorkerContext& worker, Arena& arena) {
  auto* trace = arena.make<RequestTrace>(tracer, request, info, worker, arena);
  const bool traced = trace->decide();
  if (tracer.exporter) trace->read_context(traced);
  return trace;
}

RequestTrace::RequestTrace(const Tracer& tracer, http::RequestHead& request, observe::StreamInfo& info,
                           WorkerContext& worker, Arena& arena)
    : tracer_(tracer), request_(request), info_(info), worker_(worker), arena_(arena) {
  // For what comes in, the caller's Envoy knows better what the operation is called.
  if (!tracer.egress) {
    override_ = request.headers.value(HeaderId::kXEnvoyDecoratorOperation);
    request.headers.remove(HeaderId::kXEnvoyDecoratorOperation);
  }
}

/// Envoy's order: what an earlier hop packed into the request id, the client, the service, the dice; then the cap.
bool RequestTrace::decide() {
  const route::Runtime* runtime = worker_.runtime();
  uint64_t dice = worker_.random();
  TraceReason reason = TraceReason::kNone;
  if (tracer_.decide_by_request_id) {
    auto from_id = request_id_modulo(info_.request_id, kSamplingRange);
    if (!from_id) {
      tracer_.decisions->add(TracingStat::kNotTraceable);
      return false;
    }
    dice = *from_id;
    reason = trace_reason(info_.request_id);
  }
  const http::HeaderList& headers = request_.headers;
  if (reason == TraceReason::kNone) {
    if (headers.has(HeaderId::kXClientTraceId) && tracer_.client_sampling.includes(dice, runtime)) {
      reason = TraceReason::kClient;
    } else if (headers.has(HeaderId::kXEnvoyForceTrace)) {
      reason = TraceReason::kForced;
    } else if (tracer_.random_sampling.includes(dice, runtime)) {
      reason = TraceReason::kSampled;
    }
  }
  if (reason != TraceReason::kNone && !tracer_.overall_sampling.includes(dice, runtime)) reason = TraceReason::kNone;
  if (tracer_.pack_reason && reason != trace_reason(info_.request_id)) {
    info_.request_id = with_trace_reason(arena_, info_.request_id, reason);
    if (headers.has(HeaderId::kXRequestId)) request_.headers.set(HeaderId::kXRequestId, info_.request_id);
  }
  if (!info_.health_check) tracer_.decisions->add(counter_of(reason));
  return reason != TraceReason::kNone && !info_.health_check;
}

/// The client's decision, when it has made one, is above ours; with W3C alone both must agree, as in Envoy.
void RequestTrace::read_context(bool traced) {
  std::optional<TraceContext> client;
  if (tracer_.propagation != Propagation::kW3c) client = observe::extract_b3(request_.headers);
  if (!client && tracer_.propagation != Propagation::kB3) client = observe::extract_w3c(request_.headers);
  make_ids(client && client->has_ids() ? &*client : nullptr);
  context_.sampled = traced;
  if (client) {
    context_.sampled = client->sampled.value_or(traced) && (traced || tracer_.propagation != Propagation::kW3c);
    context_.debug = client->debug;
  }
  if (tracer_.always_on) context_.sampled = true;
  info_.trace_id = trace_hex(context_, arena_, /*may_be_short=*/tracer_.propagation != Propagation::kW3c);
  info_.span_id = observe::hex16(context_.span, arena_);
  info_.sampled = *context_.sampled;
}

void RequestTrace::make_ids(const TraceContext* client) {
  if (!client) {
    context_.trace_low = random_id();
    if (tracer_.wide_trace_ids) context_.trace_high = random_id();
    context_.span = random_id();
    return;
  }
  context_.trace_high = client->trace_high;
  context_.trace_low = client->trace_low;
  context_.state = client->state;
  shared_ = tracer_.share_span && !tracer_.egress;
  context_.span = shared_ ? client->span : random_id();
  parent_ = shared_ ? client->parent : client->span;
  context_.parent = parent_;
}

uint64_t RequestTrace::random_id() const {
  uint64_t id = worker_.random();
  return id ? id : 1;
}

void RequestTrace::before_attempt(const route::Route& route, uint16_t previous_status) {
  if (tracer_.egress && route.decorator && route.decorator->propagate && !route.decorator->operation.empty()) {
    request_.headers.set(HeaderId::kXEnvoyDecoratorOperation, route.decorator->operation);
  }
  if (!tracer_.exporter) return;
  end_attempt(previous_status);
  TraceContext out = context_;
  if (tracer_.upstream_span) {
    attempt_ = random_id();
    attempt_start_ = worker_.loop().now();
    out.parent = context_.span;
    out.span = attempt_;
  }
  inject(out, request_.headers);
}

std::unique_ptr<CopySpan> RequestTrace::begin_copy(http::RequestHead& copy, std::optional<bool> sampled) const {
  if (!tracer_.exporter) return nullptr;
  TraceContext out = context_;
  out.parent = context_.span;
  out.span = random_id();
  if (sampled) {
    out.sampled = *sampled;
    out.debug = out.debug && *sampled;
  }
  inject(out, copy.headers);
  if (!out.sampled.value_or(false)) return nullptr;
  auto made = std::make_unique<CopySpan>(CopySpan{{}, tracer_.exporter, worker_.span_exporters()});
  made->span = span(out.span, out.parent, worker_.loop().now());
  made->span.kind = SpanKind::kClient;
  made->span.name = "mirror";
  return made;
}

void RequestTrace::inject(const TraceContext& context, http::HeaderList& headers) const {
  if (!tracer_.inject) return;
  if (tracer_.propagation != Propagation::kW3c) inject_b3(context, headers);
  if (tracer_.propagation != Propagation::kB3) inject_w3c(context, headers);
}

void RequestTrace::on_response(http::ResponseHead& head, const route::Route* route) {
  if (tracer_.egress) {
    // The server's Envoy has named the operation. That is not for the client.
    if (std::string_view named = head.headers.value(HeaderId::kXEnvoyDecoratorOperation); !named.empty()) {
      override_ = named;
    }
    head.headers.remove(HeaderId::kXEnvoyDecoratorOperation);
    return;
  }
  const bool ours = override_.empty() && route && route->decorator && route->decorator->propagate;
  if (ours && !route->decorator->operation.empty()) {
    head.headers.set(HeaderId::kXEnvoyDecoratorOperation, route->decorator->operation);
  }
}

std::string_view RequestTrace::operation(const route::Route* route) {
  if (!override_.empty()) return override_;
  if (route && route->decorator && !route->decorator->operation.empty()) return route->decorator->operation;
  if (tracer_.operation) {
    std::string text;
    tracer_.operation->format(info_, text);
    return arena_.copy(text);
  }
  return tracer_.egress ? arena_.concat("egress ", request_.authority) : "ingress";
}

WallTime RequestTrace::wall(MonoTime when) const {
  return info_.start_wall + std::chrono::duration_cast<WallTime::duration>(when - info_.start);
}

Span RequestTrace::span(uint64_t id, uint64_t parent, MonoTime start) const {
  Span out;
  out.trace_high = context_.trace_high;
  out.trace_low = context_.trace_low;
  out.id = id;
  out.parent = parent;
  out.state = context_.state;
  out.start = wall(start);
  out.end = wall(worker_.loop().now());
  return out;
}

void RequestTrace::end_attempt(uint16_t status) {
  const uint64_t id = std::exchange(attempt_, 0);
  if (!id || !sampled()) return;
  Span out = span(id, context_.span, attempt_start_);
  out.kind = SpanKind::kClient;
  if (tracer_.upstream_operation) {
    tracer_.upstream_operation->format(info_, out.name);
  } else {
    out.name = arena_.concat("router ", info_.upstream_cluster_raw, " egress");
  }
  add_attempt_tags(tracer_, info_, status, out);
  if (info_.upstream_attempts > 1) out.tag("retry.count", std::to_string(info_.upstream_attempts - 1));
  worker_.span_exporters().submit(tracer_.exporter, out);
}

void RequestTrace::finish(const route::Route* route) {
  if (!tracer_.exporter || !sampled()) return;
  end_attempt(info_.response_code);
  Span out = span(context_.span, parent_, info_.start);
  // Envoy's rule: with a span for each attempt, those are the client's.
  out.kind = tracer_.egress && !tracer_.upstream_span ? SpanKind::kClient : SpanKind::kServer;
  out.remote_parent = parent_ != 0;
  out.shared = shared_;
  out.name = operation(route);
  add_request_tags(tracer_, info_, out);
  worker_.span_exporters().submit(tracer_.exporter, out);
}

}  // namespace proa::proxy
