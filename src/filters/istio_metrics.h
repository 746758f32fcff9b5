// Istio's standard metrics (https://istio.io/latest/docs/reference/config/metrics/): which labels an exchange has, and
// how often, how long and how large exchanges with these labels were.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "net/mesh_peer.h"
#include "observe/cel.h"
#include "observe/dynamic_stats.h"
#include "observe/stream_info.h"

namespace proa::filters {

// X(identifier, "name", kind, unit): without "istio_".
#define PROA_ISTIO_METRICS(X)                                                    \
  X(Requests, "requests_total", kCounter, kNone)                                 \
  X(RequestDuration, "request_duration_milliseconds", kHistogram, kMilliseconds) \
  X(RequestBytes, "request_bytes", kHistogram, kBytes)                           \
  X(ResponseBytes, "response_bytes", kHistogram, kBytes)                         \
  X(RequestMessages, "request_messages_total", kCounter, kNone)                  \
  X(ResponseMessages, "response_messages_total", kCounter, kNone)                \
  X(TcpOpened, "tcp_connections_opened_total", kCounter, kNone)                  \
  X(TcpClosed, "tcp_connections_closed_total", kCounter, kNone)                  \
  X(TcpSent, "tcp_sent_bytes_total", kCounter, kNone)                            \
  X(TcpReceived, "tcp_received_bytes_total", kCounter, kNone)

enum class IstioMetric : uint8_t {
#define PROA_X(id, name, kind, unit) k##id,
  PROA_ISTIO_METRICS(PROA_X)
#undef PROA_X
      kCount
};

// X(identifier, "name"), in the order in which Istio writes them.
#define PROA_ISTIO_LABELS(X)                                        \
  X(Reporter, "reporter")                                           \
  X(SourceWorkload, "source_workload")                              \
  X(SourceCanonicalService, "source_canonical_service")             \
  X(SourceCanonicalRevision, "source_canonical_revision")           \
  X(SourceWorkloadNamespace, "source_workload_namespace")           \
  X(SourcePrincipal, "source_principal")                            \
  X(SourceApp, "source_app")                                        \
  X(SourceVersion, "source_version")                                \
  X(SourceCluster, "source_cluster")                                \
  X(DestinationWorkload, "destination_workload")                    \
  X(DestinationWorkloadNamespace, "destination_workload_namespace") \
  X(DestinationPrincipal, "destination_principal")                  \
  X(DestinationApp, "destination_app")                              \
  X(DestinationVersion, "destination_version")                      \
  X(DestinationService, "destination_service")                      \
  X(DestinationCanonicalService, "destination_canonical_service")   \
  X(DestinationCanonicalRevision, "destination_canonical_revision") \
  X(DestinationServiceName, "destination_service_name")             \
  X(DestinationServiceNamespace, "destination_service_namespace")   \
  X(DestinationCluster, "destination_cluster")                      \
  X(RequestProtocol, "request_protocol")                            \
  X(ResponseCode, "response_code")                                  \
  X(GrpcResponseStatus, "grpc_response_status")                     \
  X(ResponseFlags, "response_flags")                                \
  X(ConnectionSecurityPolicy, "connection_security_policy")

enum class IstioLabel : uint8_t {
#define PROA_X(id, name) k##id,
  PROA_ISTIO_LABELS(PROA_X)
#undef PROA_X
      kCount
};

std::string_view name_of(IstioMetric metric);
std::string_view name_of(IstioLabel label);
std::optional<IstioMetric> istio_metric(std::string_view name);
std::optional<IstioLabel> istio_label(std::string_view name);

/// Source: stats.PluginConfig. Immutable once it is in a filter.
struct IstioMetricsConfig {
  enum class Reporter : uint8_t { kSource, kDestination, kGateway };
  struct Metric {
    bool dropped = false;
    std::array<bool, static_cast<size_t>(IstioLabel::kCount)> without{};
    /// Expressions in place of labels, by label; null: the label's own value.
    std::array<std::shared_ptr<const observe::CelExpression>, static_cast<size_t>(IstioLabel::kCount)> instead{};
    std::vector<std::pair<std::string, std::shared_ptr<const observe::CelExpression>>> more{};  ///< by name
    bool changed = false;  ///< anything of the above
  };

  Reporter reporter = Reporter::kSource;
  bool host_header_fallback = true;  ///< the host that was asked for stands for a service that is not known
  Milliseconds tcp_interval{5'000};
  net::MeshPeer self;  ///< the workload beside this proxy
  std::array<Metric, static_cast<size_t>(IstioMetric::kCount)> metrics{};
  std::shared_ptr<observe::DynamicStats> stats;
};

/// Shared by all workers.
class IstioMetrics {
 public:
  explicit IstioMetrics(IstioMetricsConfig config) : config_(std::move(config)) {}

  const IstioMetricsConfig& config() const { return config_; }
  /// One request that is over. `messages`: of a gRPC call, each way.
  void request(const observe::StreamInfo& info, std::optional<std::pair<uint64_t, uint64_t>> messages) const;

  /// What of a TCP connection has been counted, and where: under the labels that it had when it was counted first.
  struct Relayed {
    uint64_t received = 0, sent = 0;
    bool opened = false;
    observe::StatGroup *of_sent = nullptr, *of_received = nullptr, *of_closed = nullptr;
  };
  void connection(const observe::StreamInfo& info, bool last, Relayed& relayed) const;

 private:
  /// The values of one exchange: slices of it, of the configuration, and of what it holds itself.
  struct Labels;
  void fill(const observe::StreamInfo& info, Labels& labels) const;
  void fill_peers(const observe::StreamInfo& info, Labels& labels) const;
  /// Null where the metric is dropped, or there are too many sets of labels.
  observe::StatGroup* group(IstioMetric metric, const observe::StreamInfo& info, const Labels& labels) const;
  void add(IstioMetric metric, const observe::StreamInfo& info, const Labels& labels, uint64_t amount) const;

  IstioMetricsConfig config_;
};

}  // namespace proa::filters
