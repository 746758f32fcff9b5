// Every source of discovery that the configuration names: the aggregated stream, streams for one type, files. Equal
// ConfigSources are one source.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/compiler.h"
#include "config/site.h"
#include "envoy/config/core/v3/base.pb.h"
#include "envoy/config/core/v3/config_source.pb.h"
#include "net/loop.h"
#include "upstream/clusters.h"
#include "xds/observer.h"
#include "xds/source.h"

namespace proa::xds {

/// Observer, told which source it is. It outlives the sources.
class SourcesObserver {
 public:
  virtual std::vector<Rejection> on_update(Source& source, const Update& update) = 0;
  virtual void on_absent(Source& source, std::string_view type_url, std::string_view name) = 0;
  virtual void on_fetch_timeout(Source& source, std::string_view type_url, std::string_view name) = 0;

 protected:
  ~SourcesObserver() = default;
};

/// Main thread, whose loop is attached to `clusters` before start().
class Sources {
 public:
  using ConfigSource = envoy::config::core::v3::ConfigSource;
  using ApiConfigSource = envoy::config::core::v3::ApiConfigSource;

  Sources(net::Loop& loop, upstream::Clusters& clusters, config::SharedObjects& shared, SourcesObserver& observer);
  ~Sources();

  /// Who this proxy is, dynamic_resources.ads_config (null: none), and the folder for what streams say (empty: nothing
  /// is kept). Before find().
  void configure(envoy::config::core::v3::Node node, const ApiConfigSource* ads, std::string state_folder,
                 const config::Site& at);
  /// Null after a problem, which is told at `at`. The source lives as long as this.
  Source* find(const ConfigSource& from, std::string_view type_url, const config::Site& at);
  /// The aggregated stream; null: none.
  Source* aggregated() { return aggregated_; }
  /// Opens the streams but for the aggregated one: clusters of the start may wait for what they bring.
  void start_own();
  /// Opens all that are not open; those that are made later are opened at once.
  void start();
  /// Closes the streams. Nothing is opened afterwards.
  void stop();
  /// Every source, for /config_dump.
  std::vector<const Source*> all() const;

 private:
  struct Channel;
  Source* find_file(const ConfigSource& from, std::string_view type_url, const config::Site& at);
  Channel* open_stream(const ApiConfigSource& from, std::string path, const config::Site& at);

  net::Loop& loop_;
  upstream::Clusters& clusters_;
  config::SharedObjects& shared_;
  SourcesObserver& observer_;
  envoy::config::core::v3::Node node_;
  std::string state_folder_;
  std::map<std::string, std::unique_ptr<Channel>, std::less<>> channels_;
  Source* aggregated_ = nullptr;
  bool started_ = false;
};

/// initial_fetch_timeout, with its default.
SubscribeOptions subscribe_options(const Sources::ConfigSource& from);

}  // namespace proa::xds
