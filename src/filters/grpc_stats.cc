#include "filters/grpc_stats.h"

#include <algorithm>

#include "grpc/frame_counter.h"
#include "http/grpc_status.h"
#include "net/loop.h"
#include "observe/metadata.h"
#include "route/route.h"
#include "upstream/clusters.h"

namespace proa::filters {
namespace {

enum class Stat { kSuccess, kFailure, kTotal, kRequests, kResponses, kTime, kStatus0 };
constexpr observe::StatDef kStats[] = {
    {"success"},
    {"failure"},
    {"total"},
    {"request_message_count"},
    {"response_message_count"},
    {"upstream_rq_time", observe::StatKind::kHistogram, observe::Unit::kMilliseconds},
    {"0"},
    {"1"},
    {"2"},
    {"3"},
    {"4"},
    {"5"},
    {"6"},
    {"7"},
    {"8"},
    {"9"},
    {"10"},
    {"11"},
    {"12"},
    {"13"},
    {"14"},
    {"15"},
    {"16"}};

/// "/service/method" and nothing more; both parts are empty otherwise.
std::pair<std::string_view, std::string_view> method_of(std::string_view path) {
  path = path.substr(0, path.find('?'));
  const size_t slash = path.find('/', 1);
  if (!path.starts_with('/') || slash == path.npos || path.find('/', slash + 1) != path.npos) return {};
  return {path.substr(1, slash - 1), path.substr(slash + 1)};
}

class GrpcStats final : public Filter {
 public:
  explicit GrpcStats(GrpcStatsConfig config)
      : Filter({.request_data = true,
                .response = true,
                .response_data = true,
                .response_trailers = true,
                .complete = config.upstream_time}),
        config_(std::move(config)) {}

  Verdict on_request(Exchange& x, bool) const override {
    if (!http::is_grpc(x.request().headers)) return Verdict::kContinue;
    auto* call = x.arena().make<CallCounts>();
    x.slot(*this) = call;
    call->stats = stats_of(x);
    return Verdict::kContinue;
  }

  void on_request_data(Exchange& x, Buffer& data, bool) const override {
    auto* call = static_cast<CallCounts*>(x.slot(*this));
    if (call && count(call->requests, data)) told(x, *call, Stat::kRequests, call->requests);
  }

  void on_response(Exchange& x, http::ResponseHead& head, bool) const override {
    auto* call = static_cast<CallCounts*>(x.slot(*this));
    if (!call) return;
    call->is_grpc = http::is_grpc(head.headers);
    count_status(*call, head.headers);
  }

  void on_response_data(Exchange& x, Buffer& data, bool) const override {
    auto* call = static_cast<CallCounts*>(x.slot(*this));
    if (call && call->is_grpc && count(call->responses, data)) told(x, *call, Stat::kResponses, call->responses);
  }

  void on_response_trailers(Exchange& x, http::HeaderList& trailers) const override {
    if (auto* call = static_cast<CallCounts*>(x.slot(*this))) count_status(*call, trailers);
  }

  void on_complete(Exchange& x) const override {
    auto* call = static_cast<CallCounts*>(x.slot(*this));
    if (!call || !call->stats || !call->has_status) return;
    const auto took = std::chrono::duration_cast<Milliseconds>(x.info().end - x.info().start);
    call->stats->record(Stat::kTime, static_cast<uint64_t>(took.count()));
  }

 private:
  struct CallCounts {
    observe::StatGroup* stats = nullptr;  // null: the call cannot be counted
    grpc::FrameCounter requests, responses;
    uint64_t counted_requests = 0, counted_responses = 0;
    bool is_grpc = false;  // the response
    bool has_status = false;
  };

  static bool count(grpc::FrameCounter& counter, const Buffer& data) {
    uint64_t begun = 0;
    iovec pieces[8];
    for (size_t at = 0; at < data.size();) {
      const size_t filled = data.peek(pieces, at);
      for (size_t i = 0; i < filled; ++i) {
        begun += counter.push({static_cast<const char*>(pieces[i].iov_base), pieces[i].iov_len});
        at += pieces[i].iov_len;
      }
    }
    return begun > 0;
  }

  void told(Exchange& x, CallCounts& call, Stat which, const grpc::FrameCounter& counter) const {
    uint64_t& counted = which == Stat::kRequests ? call.counted_requests : call.counted_responses;
    if (call.stats) call.stats->add(which, static_cast<int64_t>(counter.count() - counted));
    counted = counter.count();
    if (!config_.filter_state) return;
    observe::mutable_filter_state(x.info(), x.arena()).root[kGrpcStatsState] =
        std::to_string(call.requests.count()) + "," + std::to_string(call.responses.count());
  }

  static void count_status(CallCounts& call, const http::HeaderList& fields) {
    const http::Header* status = fields.find(http::HeaderId::kGrpcStatus);
    if (!status || !call.stats) return;
    call.has_status = true;
    auto code = http::parse_grpc_status(status->value);
    if (code) call.stats->add(static_cast<size_t>(Stat::kStatus0) + static_cast<size_t>(*code));
    call.stats->add(code == http::GrpcStatus::kOk ? Stat::kSuccess : Stat::kFailure);
    call.stats->add(Stat::kTotal);
  }

  observe::StatGroup* stats_of(Exchange& x) const {
    const route::Route* route = x.route();
    if (!route || !route->forward()) return nullptr;
    upstream::WorkerCluster* cluster = x.clusters().find(route::cluster_of(*route, x.request()));
    auto [service, method] = method_of(x.request().path);
    if (!cluster || service.empty()) return nullptr;
    const std::string& cluster_name = cluster->cluster().stat_name();
    std::string shown(service);
    if (config_.all_methods) {
      if (config_.dots_to_underscores) std::ranges::replace(shown, '.', '_');
    } else if (!config_.methods.contains({shown, std::string(method)})) {
      shown.clear();
    }
    std::string name = cluster_name + ".grpc";
    if (!shown.empty()) name.append(".").append(shown).append(".").append(method);
    return config_.stats->find(kGrpcStatsSchema, name, [&]() -> observe::StatTags {
      observe::StatTags tags{{"envoy_cluster_name", cluster_name}};
      if (shown.empty()) return tags;
      tags.emplace_back("envoy_grpc_bridge_service", shown);
      tags.emplace_back("envoy_grpc_bridge_method", method);
      return tags;
    });
  }

  GrpcStatsConfig config_;
};

}  // namespace

const observe::StatSchema kGrpcStatsSchema{"cluster", kStats, {}, "cluster_grpc"};

std::unique_ptr<Filter> make_grpc_stats(GrpcStatsConfig config) {
  return std::make_unique<GrpcStats>(std::move(config));
}

}  // namespace proa::filters
