// Probes of an orchestrator that has no identity in the mesh: the agent asks the application for it, in clear text and past
// the proxy (Istio's /app-health; the originals travel in ISTIO_KUBE_APP_PROBERS).
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "mesh/agent/http_service.h"

namespace proa::mesh {

/// Kubernetes' httpGet, tcpSocket or grpc.
struct AppProbe {
  enum class Kind : uint8_t { kHttp, kTcp, kGrpc };
  Kind kind = Kind::kTcp;
  uint16_t port = 0;
  std::string path = "/";
  std::string host{};  ///< the header of httpGet
  std::vector<std::pair<std::string, std::string>> headers{};
  std::string service{};  ///< of grpc
  Milliseconds timeout{1'000};
};

using AppProbes = std::map<std::string, AppProbe, std::less<>>;

/// By path ("/app-health/CONTAINER/readyz"). Fails for what is no such JSON, for named ports and for https.
Result<AppProbes> read_app_probes(std::string_view json);

/// On its loop's thread.
class AppProber {
 public:
  /// `application`: its address. It is asked from 127.0.0.6 (::6), which redirection leaves alone.
  AppProber(net::Loop& loop, AppProbes probes, net::Address application);
  ~AppProber();

  bool has(std::string_view path) const { return probes_.contains(path); }
  /// 200 or the application's own status; 500 where it does not answer.
  void answer(std::string_view path, HttpService::Reply reply);

 private:
  class Run;
  class HttpRun;
  class TcpRun;
  class GrpcRun;
  void finish(Run& run);

  net::Loop& loop_;
  const AppProbes probes_;
  const net::Address application_;
  std::vector<std::unique_ptr<Run>> runs_;
};

}  // namespace proa::mesh
