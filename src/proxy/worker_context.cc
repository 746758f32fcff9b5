#include "proxy/worker_context.h"

#include "proxy/mirror.h"
#include "proxy/span_exporter.h"

namespace proa::proxy {

std::shared_ptr<ConnectionTicket> ConnectionTicket::take(const std::shared_ptr<std::atomic<int64_t>>& counter,
                                                         int64_t limit) {
  const int64_t before = counter->fetch_add(1, std::memory_order_relaxed);
  auto ticket = std::make_shared<ConnectionTicket>(counter);  // gives the place back when refused
  return limit > 0 && before >= limit ? nullptr : ticket;
}

WorkerContext::WorkerContext(net::Loop& loop, SharedContext& shared, uint64_t number, uint64_t seed)
    : loop_(loop), shared_(shared), random_(seed), stream_id_(number << 48) {}

WorkerContext::~WorkerContext() = default;

SpanExporters& WorkerContext::span_exporters() {
  if (!span_exporters_) span_exporters_ = std::make_unique<SpanExporters>(loop_, clusters());
  return *span_exporters_;
}

Mirrors& WorkerContext::mirrors() {
  if (!mirrors_) mirrors_ = std::make_unique<Mirrors>();
  return *mirrors_;
}

void WorkerContext::close() {
  mirrors_.reset();
  span_exporters_.reset();
}

std::shared_ptr<ConnectionTicket> WorkerContext::take_global_ticket() {
  return ConnectionTicket::take(shared_.connections, shared_.connection_limit.load(std::memory_order_relaxed));
}

}  // namespace proa::proxy
