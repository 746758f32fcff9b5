// Sends finished spans to a collector: OTLP over gRPC or HTTP, or Zipkin's JSON.
//
// One exporter a worker and destination, on that worker's pools: no span changes threads. Spans wait as the bytes in
// which they are sent, in a bounded queue; one call is under way at a time, so that a slow collector makes batches
// larger and not calls more. What a call fails to deliver is lost and counted: a trace is not worth a retry storm.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "grpc/unary.h"
#include "net/timer.h"
#include "observe/otlp_encoding.h"
#include "observe/span.h"
#include "observe/stats.h"
#include "observe/zipkin_encoding.h"
#include "upstream/cluster_streams.h"
#include "upstream/http_call.h"

namespace proa::proxy {

enum class ExportStat : uint8_t {
  kSpansSent,      ///< handed to a call
  kSpansDropped,   ///< the queue was full
  kTimerFlushed,   ///< batches sent because of their age
  kReportsSent,    ///< calls that the collector has taken
  kReportsFailed,  ///< it has not, or not in time
  kReportsSkippedNoCluster,
};
extern const observe::StatSchema kOtlpExportSchema;    ///< "tracing.opentelemetry"
extern const observe::StatSchema kZipkinExportSchema;  ///< "tracing.zipkin"

enum class ExportProtocol : uint8_t { kOtlpGrpc, kOtlpHttp, kZipkinJson };

/// Where spans go and how. Immutable, shared by all workers.
struct ExportSpec {
  ExportProtocol protocol = ExportProtocol::kOtlpGrpc;
  std::string cluster;
  std::string authority;
  std::string path;
  std::vector<std::pair<std::string, std::string>> headers;  ///< lower-case names
  Milliseconds timeout{1'000};
  Milliseconds flush_interval{5'000};
  size_t min_flush = 5;                  ///< so many spans do not wait for flush_interval
  size_t max_batch = 512;                ///< in one call
  size_t max_queue = 2048;               ///< a worker's
  observe::ResourceAttributes resource;  ///< OTLP
  std::string scope, scope_version;      ///< OTLP
  observe::ZipkinEndpoint local;         ///< Zipkin
  std::shared_ptr<observe::StatGroup> stats;
};

/// On its worker's thread.
class SpanExporter {
 public:
  SpanExporter(std::shared_ptr<const ExportSpec> spec, net::Loop& loop, upstream::Clusters& clusters);

  /// Queues; sends later, never within the call.
  void submit(const observe::Span& span);
  const ExportSpec& spec() const { return *spec_; }
  /// No configuration names it any more, and all is sent.
  bool abandoned() const { return spec_.use_count() == 1 && queue_.empty() && !sending_; }
  size_t queued() const { return queue_.size(); }

 private:
  void on_flush();
  void send(std::string request);
  void schedule();
  void sent(bool taken, std::string_view why);
  void on_timeout();

  std::shared_ptr<const ExportSpec> spec_;
  net::Loop& loop_;
  upstream::ClusterStreams streams_;
  grpc::UnaryCall grpc_call_;
  upstream::HttpCall http_call_;
  std::deque<std::string> queue_;
  net::Timer flush_;
  net::Timer timeout_;
  bool sending_ = false;
};

/// A worker's exporters. Made when its first span ends.
class SpanExporters {
 public:
  SpanExporters(net::Loop& loop, upstream::Clusters& clusters) : loop_(loop), clusters_(clusters) {}
  void submit(const std::shared_ptr<const ExportSpec>& spec, const observe::Span& span);

 private:
  net::Loop& loop_;
  upstream::Clusters& clusters_;
  std::vector<std::unique_ptr<SpanExporter>> exporters_;  // few
};

}  // namespace proa::proxy
