#include "mesh/traffic/calls.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "mesh/traffic/prometheus_text.h"

namespace proa::mesh {

namespace {

constexpr std::string_view kRequests = "istio_requests_total", kConnections = "istio_tcp_connections_opened_total",
                           kDuration = "istio_request_duration_milliseconds_bucket";

std::string label(const Sample& sample, std::string_view name) {
  const auto found = sample.labels.find(name);
  return found == sample.labels.end() ? std::string("unknown") : found->second;
}

Call call_of(const Sample& sample) {
  return {.from = {label(sample, "source_workload_namespace"), label(sample, "source_workload")},
          .service = label(sample, "destination_service"),
          .ns = label(sample, "destination_service_namespace"),
          .name = label(sample, "destination_service_name")};
}

bool failed(const Sample& sample) {
  const std::string code = label(sample, "response_code");
  if (code.starts_with('5') || code == "0") return true;
  const std::string grpc = label(sample, "grpc_response_status");
  return label(sample, "request_protocol") == "grpc" && !grpc.empty() && grpc != "0" && grpc != "unknown";
}

bool any(const Counted& counted) { return counted.requests > 0 || counted.connections > 0; }

Counted difference(const Counted& now, const Counted& before) {
  if (now.requests < before.requests || now.connections < before.connections) return now;
  Counted out = now;
  out -= before;
  return out;
}

}  // namespace

Counted& Counted::operator+=(const Counted& other) {
  requests += other.requests, errors += other.errors, connections += other.connections, mutual += other.mutual;
  for (const auto& [bound, count] : other.duration) duration[bound] += count;
  return *this;
}

Counted& Counted::operator-=(const Counted& other) {
  requests -= other.requests, errors -= other.errors, connections -= other.connections, mutual -= other.mutual;
  for (const auto& [bound, count] : other.duration) duration[bound] -= count;
  return *this;
}

double Counted::percentile_ms(double share) const {
  if (duration.empty() || !(duration.rbegin()->second > 0)) return 0;
  const double wanted = duration.rbegin()->second * share;
  double last = 0;
  for (const auto& [bound, count] : duration) {
    if (std::isfinite(bound)) last = bound;
    if (count >= wanted) return last;
  }
  return last;
}

Result<Calls> read_calls(std::string_view prometheus) {
  auto samples =
      read_prometheus(prometheus, {std::string(kRequests), std::string(kConnections), std::string(kDuration)});
  if (!samples) return std::unexpected(samples.error());
  Calls out;
  for (const Sample& sample : *samples) {
    if (!(sample.value >= 0)) continue;
    CallCount& call = out[call_of(sample)];
    Counted& to = label(sample, "reporter") == "source" ? call.by_source : call.by_destination;
    if (sample.name == kDuration) {
      const std::string bound = label(sample, "le");
      to.duration[bound == "+Inf" ? INFINITY : std::strtod(bound.c_str(), nullptr)] += sample.value;
      continue;
    }
    (sample.name == kRequests ? to.requests : to.connections) += sample.value;
    if (sample.name == kRequests && failed(sample)) to.errors += sample.value;
    if (label(sample, "connection_security_policy") == "mutual_tls") to.mutual += sample.value;
  }
  return out;
}

void add(Calls& to, const Calls& more) {
  for (const auto& [call, count] : more) {
    CallCount& sum = to[call];
    sum.by_source += count.by_source;
    sum.by_destination += count.by_destination;
  }
}

Calls since(const Calls& now, const Calls& before) {
  Calls out;
  for (const auto& [call, count] : now) {
    const auto old = before.find(call);
    CallCount news = count;
    if (old != before.end()) {
      news = {difference(count.by_source, old->second.by_source),
              difference(count.by_destination, old->second.by_destination)};
    }
    if (any(news.by_source) || any(news.by_destination)) out.emplace(call, std::move(news));
  }
  return out;
}

}  // namespace proa::mesh
