#include "mesh/agent/merged_metrics.h"

#include <fmt/format.h>

#include "base/log.h"

namespace proa::mesh {

namespace {

constexpr Milliseconds kTimeout{10'000};
constexpr std::string_view kPrometheus = "text/plain;version=0.0.4";

}  // namespace

struct MergedMetrics::Scrape {
  explicit Scrape(net::Loop& loop) : by_proxy(loop), by_application(loop) {}

  HttpService::Reply reply;
  HttpFetch by_proxy, by_application;
  std::string of_proxy, of_application;
  int waits_for = 0;
};

MergedMetrics::MergedMetrics(net::Loop& loop, net::Address proxy_admin, std::optional<ApplicationMetrics> application,
                             std::function<std::string()> own)
    : loop_(loop), proxy_admin_(std::move(proxy_admin)), application_(std::move(application)), own_(std::move(own)) {}

MergedMetrics::~MergedMetrics() = default;

void MergedMetrics::answer(HttpService::Reply reply) {
  Scrape& scrape = *scrapes_.emplace_back(std::make_unique<Scrape>(loop_));
  scrape.reply = std::move(reply);
  scrape.waits_for = application_ ? 2 : 1;
  scrape.by_proxy.start(
      {.to = proxy_admin_, .path = "/stats/prometheus", .timeout = kTimeout},
      [this, &scrape](Fetched fetched) { taken(scrape, scrape.of_proxy, proxy_failures_, std::move(fetched)); });
  if (!application_) return;
  scrape.by_application.start({.to = application_->at,
                               .path = application_->path,
                               .headers = {{"accept", std::string(kPrometheus)}},
                               .timeout = kTimeout},
                              [this, &scrape](Fetched fetched) {
                                taken(scrape, scrape.of_application, application_failures_, std::move(fetched));
                              });
}

void MergedMetrics::taken(Scrape& scrape, std::string& to, uint64_t& failures, Fetched fetched) {
  if (fetched.status == 200) {
    to = std::move(fetched.body);
    if (!to.empty() && !to.ends_with('\n')) to += '\n';
  } else {
    ++failures;
    log::get("sidecar").debug("no metrics: {} {}", fetched.status, fetched.status == 0 ? fetched.body : "");
  }
  if (--scrape.waits_for > 0) return;
  HttpAnswer answer{.content_type = std::string(kPrometheus)};
  answer.body = std::move(scrape.of_proxy) + std::move(scrape.of_application) + own_();
  answer.body += fmt::format(
      "# TYPE proa_sidecar_scrape_failures_total counter\n"
      "proa_sidecar_scrape_failures_total{{of=\"proxy\"}} {}\n"
      "proa_sidecar_scrape_failures_total{{of=\"application\"}} {}\n",
      proxy_failures_, application_failures_);
  scrape.reply(std::move(answer));
  std::erase_if(scrapes_, [&](const auto& each) { return each.get() == &scrape; });
}

}  // namespace proa::mesh
