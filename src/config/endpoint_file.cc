#include "config/endpoint_file.h"

#include <fmt/format.h>

#include <filesystem>

#include "base/log.h"
#include "config/cluster_values.h"
#include "config/config_file.h"
#include "config/supported.h"
#include "config/values.h"
#include "envoy/config/core/v3/config_source.pb.h"
#include "envoy/service/discovery/v3/discovery.pb.h"
#include "net/file_watch.h"

namespace proa::config {

namespace core = envoy::config::core::v3;
namespace cv3 = envoy::config::cluster::v3;
namespace dv3 = envoy::service::discovery::v3;

namespace {

/// A DiscoveryResponse of ClusterLoadAssignments. A bad file keeps the endpoints that there are, and says so.
class EndpointFile final : public upstream::EndpointSource {
 public:
  EndpointFile(std::string path, std::string service, net::Loop& loop)
      : path_(std::move(path)), service_(std::move(service)), loop_(loop) {}

  void subscribe(std::function<void(upstream::Assignment)> push) override {
    push_ = std::move(push);
    Result<std::unique_ptr<net::FileWatcher>> watcher = net::FileWatcher::make(loop_);
    if (watcher) {
      watcher_ = std::move(*watcher);
      Result<net::FileWatcher::Watch> watch = watcher_->watch_file(path_, [this] { read(); });
      watch ? void(watch_ = std::move(*watch)) : complain(watch.error().message);
    } else {
      complain(watcher.error().message);
    }
    loop_.post([alive = std::weak_ptr<int>(alive_), this] {
      if (!alive.expired()) read();
    });
  }
  void unsubscribe() override {
    push_ = nullptr;
    watch_.reset();
    watcher_.reset();
  }

 private:
  void read() {
    if (!push_) return;
    dv3::DiscoveryResponse response;
    Marks marks;
    Problems problems;
    read_config({.file = path_, .yaml = {}}, response, marks, problems);
    const FieldPath root;
    const Site at(marks, problems, root);
    std::optional<upstream::Assignment> found;
    for (const auto& resource : response.resources()) {
      envoy::config::endpoint::v3::ClusterLoadAssignment assignment;
      if (!resource.UnpackTo(&assignment) || assignment.cluster_name() != service_) continue;
      found = compile_assignment(assignment, /*names=*/false, at / "resources");
    }
    if (problems.ok() && found) return push_(std::move(*found));
    complain(problems.ok() ? fmt::format("{} has none for it", path_) : problems.str());
  }
  void complain(const std::string& why) { log::get("config").error("endpoints of {} are kept: {}", service_, why); }

  std::string path_;
  std::string service_;
  net::Loop& loop_;
  std::function<void(upstream::Assignment)> push_;
  std::unique_ptr<net::FileWatcher> watcher_;
  net::FileWatcher::Watch watch_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace

std::shared_ptr<upstream::EndpointSource> compile_endpoint_source(const cv3::Cluster::EdsClusterConfig& from,
                                                                  const std::string& cluster, const Site& at,
                                                                  Compiler& compiler) {
  const core::ConfigSource& source = from.eds_config();
  const Site where = at / "eds_config.path_config_source.path";
  std::string path = source.has_path_config_source() ? source.path_config_source().path() : source.path();
  if (path.empty()) {
    (at / "eds_config").error("endpoints come from a file or not at all", "set path_config_source.path");
    return nullptr;
  }
  if (!std::filesystem::exists(path)) {
    where.error(fmt::format("there is no file {}", shown(path)));
    return nullptr;
  }
  if (!compiler.main_loop) return nullptr;  // only validating
  return std::make_shared<EndpointFile>(std::move(path), from.service_name().empty() ? cluster : from.service_name(),
                                        *compiler.main_loop);
}

void add_endpoint_source_fields(SupportedTable& table) {
  table.add(supported<cv3::Cluster::EdsClusterConfig>({"eds_config", "service_name"}));
  table.add(supported<core::ConfigSource>({"path", "path_config_source"})
                .harmless({"resource_api_version", "initial_fetch_timeout"}, "a file is there or not"));
  table.add(supported<core::PathConfigSource>({"path"}).harmless({"watched_directory"},
                                                                 "the file's own directory is watched"));
}

}  // namespace proa::config
