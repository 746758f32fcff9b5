// One scrape for everything of a workload: what its proxy, its application and its agent count, as Prometheus' text.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mesh/agent/http_fetch.h"
#include "mesh/agent/http_service.h"

namespace proa::mesh {

/// Where an application's metrics are.
struct ApplicationMetrics {
  net::Address at{};
  std::string path = "/metrics";
};

/// On its loop's thread.
class MergedMetrics {
 public:
  /// `own`: the agent's, made at each scrape.
  MergedMetrics(net::Loop& loop, net::Address proxy_admin, std::optional<ApplicationMetrics> application,
                std::function<std::string()> own);
  ~MergedMetrics();

  /// Asks both at the same time. Who does not answer is left out and counted: the others' metrics are not lost with it.
  void answer(HttpService::Reply reply);

 private:
  struct Scrape;
  void taken(Scrape& scrape, std::string& to, uint64_t& failures, Fetched fetched);

  net::Loop& loop_;
  const net::Address proxy_admin_;
  const std::optional<ApplicationMetrics> application_;
  const std::function<std::string()> own_;
  std::vector<std::unique_ptr<Scrape>> scrapes_;
  uint64_t proxy_failures_ = 0, application_failures_ = 0;
};

}  // namespace proa::mesh
