#include "proxy/worker_context.h"

#include <bit>

#include "proxy/mirror.h"
#include "proxy/span_exporter.h"

namespace proa::proxy {

Random::Random(uint64_t seed) {
  // splitmix64, so that neighbouring seeds give unrelated states.
  for (uint64_t& word : state_) {
    seed += 0x9e3779b97f4a7c15;
    uint64_t z = seed;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    word = z ^ (z >> 31);
  }
}

uint64_t Random::operator()() {
  const uint64_t result = std::rotl(state_[0] + state_[3], 23) + state_[0];
  const uint64_t t = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= t;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

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
