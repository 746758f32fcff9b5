#include "upstream/http_probe.h"

#include <algorithm>

namespace proa::upstream {

namespace {

constexpr size_t kMaxBody = 64 * 1024;

bool in_ranges(const std::vector<StatusRange>& ranges, uint16_t status) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [&](const StatusRange& range) { return status >= range.first && status < range.end; });
}

}  // namespace

void HttpProbe::start() {
  arena_ = std::make_unique<Arena>();
  body_.clear();
  connection_.open(*this, *arena_, *this);
}

void HttpProbe::cancel() {
  connection_.cancel(*this);
  if (http::ClientStream* stream = std::exchange(stream_, nullptr)) stream->reset(http::ResetReason::kLocalReset);
  connection_.drop();
}

void HttpProbe::on_stream(http::ClientStream& stream) {
  stream_ = &stream;
  const HealthCheckSpec& spec = check_.spec();
  http::RequestHead head(*arena_);
  head.method = spec.method;
  head.method_id = http::method_of(spec.method);
  head.scheme = check_.cluster().socket_for(check_.host()).tls ? "https" : "http";
  head.authority = arena_->copy(check_.host_name());
  head.path = spec.path;
  head.version = spec.http2 ? http::Version::kHttp2 : http::Version::kHttp11;
  head.headers.add("user-agent", "Envoy/HC");  // services tell checks by it
  for (const auto& [name, value] : spec.headers_to_add) head.headers.add(name, value);
  for (const std::string& name : spec.headers_to_remove) head.headers.remove(name);
  stream.send_request(head, true);
}

void HttpProbe::on_no_stream(std::string_view reason) { tell(ProbeResult::kNetwork, reason); }

void HttpProbe::on_response(http::ResponseHead& head, bool end) {
  judge(head);
  if (end) finish();
}

void HttpProbe::judge(const http::ResponseHead& head) {
  const HealthCheckSpec& spec = check_.spec();
  close_after_ = head.headers.value(http::HeaderId::kConnection) == "close";
  details_ = "HTTP status " + std::to_string(head.status);
  if (!in_ranges(spec.expected, head.status)) {
    verdict_ = in_ranges(spec.retriable, head.status) ? ProbeResult::kFail : ProbeResult::kFailNow;
    return;
  }
  if (spec.service_name) {
    check_.cluster().stats().add(ClusterStat::kHcVerifyCluster);
    const http::Header* name = head.headers.find("x-envoy-upstream-healthchecked-cluster");
    if (!spec.service_name->matches(name ? name->value : "")) {
      verdict_ = ProbeResult::kFailNow;
      details_ = "another service answers";
      return;
    }
  }
  verdict_ = head.headers.find("x-envoy-degraded") ? ProbeResult::kDegraded : ProbeResult::kPass;
  if (head.headers.find("x-envoy-immediate-health-check-fail")) verdict_ = ProbeResult::kFailNow;
}

void HttpProbe::on_data(std::string_view data, bool end) {
  if (!check_.spec().expected_body.empty() && body_.size() < kMaxBody) {
    body_.append(data.substr(0, kMaxBody - body_.size()));
  }
  if (end) finish();
}

void HttpProbe::finish() {
  stream_ = nullptr;
  bool passed = verdict_ == ProbeResult::kPass || verdict_ == ProbeResult::kDegraded;
  if (passed && !check_.spec().expected_body.empty() && body_.find(check_.spec().expected_body) == body_.npos) {
    verdict_ = ProbeResult::kFailNow;
    details_ = "the body is not as expected";
  }
  if (!check_.spec().reuse_connection || close_after_) connection_.drop();
  tell(verdict_, details_);
}

void HttpProbe::on_reset(http::ResetReason, std::string_view details) {
  stream_ = nullptr;
  tell(ProbeResult::kNetwork, details);
}

void HttpProbe::tell(ProbeResult result, std::string_view details) { check_.result(result, std::string(details)); }

}  // namespace proa::upstream
