#include "proxy/span_exporter.h"

#include <algorithm>
#include <span>

#include "base/log.h"

namespace proa::proxy {

namespace {

// In the order of ExportStat.
constexpr observe::StatDef kStats[] = {{"spans_sent"},   {"spans_dropped"},  {"timer_flushed"},
                                       {"reports_sent"}, {"reports_failed"}, {"reports_skipped_no_cluster"}};

constexpr Milliseconds kNow{0};

std::string encode_request(const ExportSpec& spec, std::span<const std::string> spans) {
  if (spec.protocol == ExportProtocol::kZipkinJson) return observe::encode_zipkin_request(spans);
  return observe::encode_otlp_request(spec.resource, spec.scope, spec.scope_version, spans);
}

}  // namespace

const observe::StatSchema kOtlpExportSchema{.prefix = "tracing.opentelemetry", .stats = kStats};
const observe::StatSchema kZipkinExportSchema{.prefix = "tracing.zipkin", .stats = kStats};

SpanExporter::SpanExporter(std::shared_ptr<const ExportSpec> spec, net::Loop& loop, upstream::Clusters& clusters)
    : spec_(std::move(spec)),
      loop_(loop),
      streams_(clusters, spec_->cluster, spec_->protocol == ExportProtocol::kOtlpGrpc),
      grpc_call_(streams_),
      http_call_(streams_),
      flush_(net::Timer::of<&SpanExporter::on_flush>(this)),
      timeout_(net::Timer::of<&SpanExporter::on_timeout>(this)) {}

void SpanExporter::submit(const observe::Span& span) {
  if (queue_.size() >= spec_->max_queue) return spec_->stats->add(ExportStat::kSpansDropped);
  queue_.push_back(spec_->protocol == ExportProtocol::kZipkinJson ? encode_zipkin_span(span, spec_->local)
                                                                  : encode_otlp_span(span));
  schedule();
}

void SpanExporter::schedule() {
  if (sending_ || queue_.empty()) return;
  if (queue_.size() >= spec_->min_flush) {
    flush_.start(loop_, kNow);
  } else if (!flush_.active()) {
    flush_.start(loop_, spec_->flush_interval);
  }
}

void SpanExporter::on_flush() {
  observe::StatGroup& stats = *spec_->stats;
  if (queue_.size() < spec_->min_flush) stats.add(ExportStat::kTimerFlushed);
  std::vector<std::string> batch;
  while (!queue_.empty() && batch.size() < spec_->max_batch) {
    batch.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  if (!streams_.cluster_exists()) {
    stats.add(ExportStat::kReportsSkippedNoCluster);
    return schedule();
  }
  stats.add(ExportStat::kSpansSent, static_cast<int64_t>(batch.size()));
  send(encode_request(*spec_, batch));
}

void SpanExporter::send(std::string request) {
  sending_ = true;
  timeout_.start(loop_, spec_->timeout);
  if (spec_->protocol == ExportProtocol::kOtlpGrpc) {
    grpc::CallOptions options;
    options.authority = spec_->authority;
    options.path = spec_->path;
    options.timeout = spec_->timeout;
    options.metadata = spec_->headers;
    return grpc_call_.start(options, request, [this](const grpc::CallStatus& status, std::string_view) {
      sent(status.ok(), status.message);
    });
  }
  upstream::HttpCallOptions options;
  options.authority = spec_->authority;
  options.path = spec_->path;
  options.headers = spec_->headers;
  http_call_.start(options, std::move(request), [this](uint16_t status, std::string_view failure) {
    sent(status / 100 == 2, status ? "status " + std::to_string(status) : std::string(failure));
  });
}

void SpanExporter::sent(bool taken, std::string_view why) {
  sending_ = false;
  timeout_.stop();
  spec_->stats->add(taken ? ExportStat::kReportsSent : ExportStat::kReportsFailed);
  if (!taken) log::get("tracing").debug("{} has not taken a batch of spans: {}", spec_->cluster, why);
  schedule();
}

void SpanExporter::on_timeout() {
  grpc_call_.cancel();
  http_call_.cancel();
  sent(false, "time-out");
}

void SpanExporters::submit(const std::shared_ptr<const ExportSpec>& spec, const observe::Span& span) {
  auto found = std::ranges::find(exporters_, spec.get(), [](const auto& exporter) { return &exporter->spec(); });
  if (found == exporters_.end()) {
    std::erase_if(exporters_, [](const auto& exporter) { return exporter->abandoned(); });
    exporters_.push_back(std::make_unique<SpanExporter>(spec, loop_, clusters_));
    found = std::prev(exporters_.end());
  }
  (*found)->submit(span);
}

}  // namespace proa::proxy
