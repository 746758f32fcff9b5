#include "xds/grpc_source.h"

#include "base/log.h"
#include "upstream/lb/random.h"
#include "xds/holdings.h"
#include "xds/state_file.h"
#include "xds/type_url.h"

namespace proa::xds {

namespace {

constexpr observe::StatDef kStats[] = {
    {"connected_state", observe::StatKind::kGauge},
    {"pending_requests", observe::StatKind::kGauge},
    {"rate_limit_enforced"},
    {"using_saved_state", observe::StatKind::kGauge},
};

struct Method {
  std::string_view type_url, sotw, delta;
};
constexpr Method kMethods[] = {
    {"", "/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources",
     "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources"},
    {kCluster, "/envoy.service.cluster.v3.ClusterDiscoveryService/StreamClusters",
     "/envoy.service.cluster.v3.ClusterDiscoveryService/DeltaClusters"},
    {kEndpoints, "/envoy.service.endpoint.v3.EndpointDiscoveryService/StreamEndpoints",
     "/envoy.service.endpoint.v3.EndpointDiscoveryService/DeltaEndpoints"},
    {kListener, "/envoy.service.listener.v3.ListenerDiscoveryService/StreamListeners",
     "/envoy.service.listener.v3.ListenerDiscoveryService/DeltaListeners"},
    {kRoutes, "/envoy.service.route.v3.RouteDiscoveryService/StreamRoutes",
     "/envoy.service.route.v3.RouteDiscoveryService/DeltaRoutes"},
    {kSecret, "/envoy.service.secret.v3.SecretDiscoveryService/StreamSecrets",
     "/envoy.service.secret.v3.SecretDiscoveryService/DeltaSecrets"},
    {kExtension, "/envoy.service.extension.v3.ExtensionConfigDiscoveryService/StreamExtensionConfigs",
     "/envoy.service.extension.v3.ExtensionConfigDiscoveryService/DeltaExtensionConfigs"},
    {kRuntime, "/envoy.service.runtime.v3.RuntimeDiscoveryService/StreamRuntime",
     "/envoy.service.runtime.v3.RuntimeDiscoveryService/DeltaRuntime"},
};

}  // namespace

const observe::StatSchema kControlPlaneSchema{.prefix = "control_plane", .stats = kStats};

std::string_view stream_path(std::string_view type_url, bool delta) {
  for (const Method& method : kMethods) {
    if (method.type_url == type_url) return delta ? method.delta : method.sotw;
  }
  return {};
}

GrpcSource::GrpcSource(net::Loop& loop, grpc::StreamOpener& opener, std::unique_ptr<Protocol> protocol,
                       GrpcSourceOptions options)
    : loop_(loop),
      opener_(opener),
      protocol_(std::move(protocol)),
      options_(std::move(options)),
      back_off_(options_.back_off),
      retry_(net::Timer::of<&GrpcSource::open_stream>(this)),
      deadline_(net::Timer::of<&GrpcSource::on_deadline>(this)),
      use_saved_timer_(net::Timer::of<&GrpcSource::use_saved>(this)),
      save_timer_(net::Timer::of<&GrpcSource::save>(this)) {}

void GrpcSource::start() {
  if (!options_.state_file.empty()) read_saved();
  open_stream();
}

void GrpcSource::stop() {
  if (save_timer_.active()) save();
  use_saved_timer_.stop();
  call_.reset();
  retry_.stop();
  deadline_.stop();
  if (options_.stats) options_.stats->set(ControlPlaneStat::kConnectedState, 0);
}

void GrpcSource::subscribe(std::string_view type_url, std::string_view name, const SubscribeOptions& options) {
  protocol_->subscribe(type_url, name, options, loop_.now());
  loop_.end_of_turn(*this);
}

void GrpcSource::unsubscribe(std::string_view type_url, std::string_view name) {
  protocol_->unsubscribe(type_url, name);
  loop_.end_of_turn(*this);
}

void GrpcSource::resume(std::string_view type_url) {
  protocol_->resume(type_url);
  loop_.end_of_turn(*this);
}

void GrpcSource::read_saved() {
  auto state = read_state(options_.state_file);
  if (!state) return log::get("xds").warn("{}; it is not used", state.error().message);
  if (!*state) return;
  protocol_->offer_saved((*state)->resources);
  saved_ = (*state)->at;
  use_saved_timer_.start(loop_, kSavedStateAfter);
}

void GrpcSource::use_saved() {
  if (!saved_ || using_saved_) return;
  const auto age = std::chrono::duration_cast<std::chrono::seconds>(loop_.wall_now() - *saved_);
  log::get("xds").warn("{} does not answer: what it said last, saved {} s ago in {}, is used until it does",
                       options_.name, age.count(), options_.state_file);
  using_saved_ = true;
  if (options_.stats) options_.stats->set(ControlPlaneStat::kUsingSavedState, 1);
  loop_.end_of_turn(*this);
}

void GrpcSource::save_soon() {
  if (options_.state_file.empty() || save_timer_.active()) return;
  const auto wait = std::chrono::ceil<Milliseconds>(saved_at_ + kSaveEvery - loop_.now());
  save_timer_.start(loop_, std::max(wait, kSaveAfter));
}

void GrpcSource::save() {
  save_timer_.stop();
  saved_at_ = loop_.now();
  if (Status wrote = write_state(options_.state_file, protocol_->save()); !wrote) {
    log::get("xds").warn("what the control plane says cannot be saved: {}", wrote.error().message);
  }
}

void GrpcSource::open_stream() {
  grpc::CallOptions options;
  options.authority = options_.authority;
  options.path = options_.path;
  options.scheme = options_.scheme;
  options.metadata = options_.metadata;
  options.max_message = kMaxMessage;
  call_ = std::make_unique<grpc::Call>(opener_, static_cast<grpc::CallObserver&>(*this));
  call_->start(options);
}

void GrpcSource::on_open() {
  protocol_->stream_opened();
  if (options_.stats) options_.stats->set(ControlPlaneStat::kConnectedState, 1);
  loop_.end_of_turn(*this);
}

void GrpcSource::on_message(std::string_view message) {
  loop_.end_of_turn(*this);
  if (Status read = protocol_->receive(message, loop_.now(), loop_.wall_now()); !read) {
    call_->cancel();
    answered_ = false;
    return ended({grpc::Code::kInternal, read.error().message});
  }
  back_off_.reset();
  save_soon();
  saved_.reset();
  use_saved_timer_.stop();
  if (std::exchange(using_saved_, false)) {
    log::get("xds").info("{} has answered: what was saved is not used any more", options_.name);
    if (options_.stats) options_.stats->set(ControlPlaneStat::kUsingSavedState, 0);
  }
  answered_ = true;
  failing_ = false;
}

void GrpcSource::on_finished(const grpc::CallStatus& status, const http::HeaderList*) { ended(status); }

void GrpcSource::ended(const grpc::CallStatus& status) {
  const Milliseconds wait = back_off_.next(upstream::thread_random());
  const bool failed = !std::exchange(answered_, false);
  const bool first = failed && !std::exchange(failing_, true);
  const auto level = first ? spdlog::level::warn : failed ? spdlog::level::debug : spdlog::level::info;
  log::get("xds").log(level, "the stream to {} has ended with code {}: {}; next try in {} ms", options_.name,
                      static_cast<int>(status.code), status.message, wait.count());
  protocol_->stream_closed();
  use_saved();
  if (options_.stats) options_.stats->set(ControlPlaneStat::kConnectedState, 0);
  retry_.start(loop_, wait);
  loop_.end_of_turn(*this);
}

void GrpcSource::run() {
  while (using_saved_ && protocol_->bring_saved(loop_.now(), loop_.wall_now())) continue;
  while (call_ && call_->writable()) {
    std::optional<std::string> request = protocol_->next_request(loop_.now());
    if (!request) break;
    call_->send(*request, false);
  }
  count();
  const MonoTime next = protocol_->next_deadline();
  if (next == kNoDeadline) return deadline_.stop();
  const auto wait = std::chrono::ceil<Milliseconds>(next - loop_.now());
  deadline_.start(loop_, std::max(wait, Milliseconds(0)));
}

void GrpcSource::on_deadline() {
  protocol_->on_time(loop_.now());
  loop_.end_of_turn(*this);
}

void GrpcSource::count() {
  if (!options_.stats) return;
  options_.stats->set(ControlPlaneStat::kPendingRequests, static_cast<int64_t>(protocol_->pending_requests()));
  const uint64_t limited = protocol_->times_limited();
  if (limited != limited_counted_) {
    options_.stats->add(ControlPlaneStat::kRateLimitEnforced, static_cast<int64_t>(limited - limited_counted_));
  }
  limited_counted_ = limited;
}

}  // namespace proa::xds
