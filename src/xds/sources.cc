#include "xds/sources.h"

#include <fmt/format.h>

#include <filesystem>
#include <utility>

#include "base/log.h"
#include "config/values.h"
#include "http/string_matcher.h"
#include "net/private_file.h"
#include "upstream/cluster_streams.h"
#include "xds/file_source.h"
#include "xds/grpc_source.h"
#include "xds/state_file.h"

namespace proa::xds {

namespace core = envoy::config::core::v3;
using config::Site;

/// One source and what it needs.
struct Sources::Channel final : Observer {
  explicit Channel(SourcesObserver& observer) : observer(observer) {}

  std::vector<Rejection> on_update(const Update& update) override { return observer.on_update(*source, update); }
  void on_absent(std::string_view type_url, std::string_view name) override {
    observer.on_absent(*source, type_url, name);
  }
  void on_fetch_timeout(std::string_view type_url, std::string_view name) override {
    observer.on_fetch_timeout(*source, type_url, name);
  }

  void open() {
    if (stream && !std::exchange(opened, true)) stream->start();
  }

  SourcesObserver& observer;
  std::unique_ptr<upstream::ClusterStreams> streams;  // outlives `source`
  std::unique_ptr<Source> source;
  GrpcSource* stream = nullptr;  // `source`, if it is one
  bool opened = false;
};

Sources::Sources(net::Loop& loop, upstream::Clusters& clusters, config::SharedObjects& shared,
                 SourcesObserver& observer)
    : loop_(loop), clusters_(clusters), shared_(shared), observer_(observer) {}

Sources::~Sources() = default;

void Sources::configure(core::Node node, const ApiConfigSource* ads, std::string state_folder, const Site& at) {
  node_ = std::move(node);
  state_folder_ = std::move(state_folder);
  if (!state_folder_.empty()) {
    if (Status made = net::make_private_folder(state_folder_); !made) at.error("--state-dir " + made.error().message);
  }
  if (!ads) return;
  const bool delta = ads->api_type() == ApiConfigSource::DELTA_GRPC;
  Channel* channel = open_stream(*ads, std::string(stream_path({}, delta)), at);
  if (channel) aggregated_ = channel->source.get();
}

Source* Sources::find(const ConfigSource& from, std::string_view type_url, const Site& at) {
  if (from.has_ads()) {
    if (!aggregated_)
      at.error("is of the aggregated stream, of which there is none", "set dynamic_resources.ads_config");
    return aggregated_;
  }
  if (from.has_api_config_source()) {
    const ApiConfigSource& api = from.api_config_source();
    const bool delta = api.api_type() == ApiConfigSource::DELTA_GRPC;
    Channel* channel = open_stream(api, std::string(stream_path(type_url, delta)), at / "api_config_source");
    return channel ? channel->source.get() : nullptr;
  }
  return find_file(from, type_url, at);
}

Source* Sources::find_file(const ConfigSource& from, std::string_view type_url, const Site& at) {
  FileSourceOptions options{.path = from.has_path_config_source() ? from.path_config_source().path() : from.path(),
                            .watched_directory = from.path_config_source().watched_directory().path(),
                            .type_url = std::string(type_url)};
  if (options.path.empty()) {
    at.error("names no source", "set ads, api_config_source or path_config_source");
    return nullptr;
  }
  if (!std::filesystem::exists(options.path)) {
    (at / "path_config_source.path").error(fmt::format("there is no file {}", config::shown(options.path)));
    return nullptr;
  }
  auto& channel = channels_[fmt::format("{} {}", type_url, options.path)];
  if (!channel) {
    channel = std::make_unique<Channel>(observer_);
    auto file = std::make_unique<FileSource>(loop_, std::move(options), *channel);
    if (Status watching = file->start(); !watching) log::get("xds").error("{}", watching.error().message);
    channel->source = std::move(file);
  }
  return channel->source.get();
}

Sources::Channel* Sources::open_stream(const ApiConfigSource& from, std::string path, const Site& at) {
  if (from.grpc_services_size() == 0 || !from.grpc_services(0).has_envoy_grpc()) {
    at.error("names no gRPC service", "set grpc_services[0].envoy_grpc.cluster_name");
    return nullptr;
  }
  const std::string key = path + " " + from.SerializeAsString();
  auto& channel = channels_[key];
  if (channel) return channel.get();
  const core::GrpcService& service = from.grpc_services(0);
  channel = std::make_unique<Channel>(observer_);
  channel->streams =
      std::make_unique<upstream::ClusterStreams>(clusters_, service.envoy_grpc().cluster_name(), /*http2=*/true);

  ProtocolOptions protocol{.node = node_, .node_on_first_message_only = from.set_node_on_first_message_only()};
  if (from.has_rate_limit_settings()) {
    RateLimit limit;
    const core::RateLimitSettings& settings = from.rate_limit_settings();
    if (settings.has_max_tokens() && settings.max_tokens().value() > 0)
      limit.max_tokens = settings.max_tokens().value();
    if (settings.has_fill_rate() && settings.fill_rate().value() > 0) limit.fill_rate = settings.fill_rate().value();
    protocol.rate_limit = limit;
  }
  const bool delta =
      from.api_type() == ApiConfigSource::DELTA_GRPC || from.api_type() == ApiConfigSource::AGGREGATED_DELTA_GRPC;
  GrpcSourceOptions options{.path = std::move(path),
                            .name = service.envoy_grpc().cluster_name(),
                            .authority = service.envoy_grpc().authority().empty() ? service.envoy_grpc().cluster_name()
                                                                                  : service.envoy_grpc().authority(),
                            .stats = shared_.stats(kControlPlaneSchema, {})};
  if (!state_folder_.empty()) options.state_file = state_path(state_folder_, key, node_);
  for (const auto& header : service.initial_metadata()) {
    options.metadata.emplace_back(http::to_lower(header.key()), header.value());
  }
  const core::BackoffStrategy& back_off = service.envoy_grpc().retry_policy().retry_back_off();
  if (back_off.has_base_interval()) options.back_off.base = config::milliseconds(back_off.base_interval());
  if (back_off.has_max_interval()) options.back_off.max = config::milliseconds(back_off.max_interval());
  auto stream = std::make_unique<GrpcSource>(
      loop_, *channel->streams,
      delta ? make_delta(std::move(protocol), *channel) : make_sotw(std::move(protocol), *channel), std::move(options));
  channel->stream = stream.get();
  channel->source = std::move(stream);
  if (started_) channel->open();
  return channel.get();
}

void Sources::start_own() {
  for (auto& [key, channel] : channels_) {
    if (channel->source.get() != aggregated_) channel->open();
  }
}

void Sources::start() {
  started_ = true;
  for (auto& [key, channel] : channels_) channel->open();
}

void Sources::stop() {
  for (auto& [key, channel] : channels_) {
    if (channel->stream) channel->stream->stop();
  }
}

std::vector<const Source*> Sources::all() const {
  std::vector<const Source*> all;
  for (const auto& [key, channel] : channels_) all.push_back(channel->source.get());
  return all;
}

SubscribeOptions subscribe_options(const Sources::ConfigSource& from) {
  SubscribeOptions options;
  if (from.has_initial_fetch_timeout())
    options.initial_fetch_timeout = config::milliseconds(from.initial_fetch_timeout());
  return options;
}

}  // namespace proa::xds
