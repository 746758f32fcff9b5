// One resource of a control plane -> the object that the proxy runs: read, check, compile, as load.h does it for a
// whole file. A resource is accepted or refused as a whole.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "config/compiler.h"
#include "config/dynamic_sources.h"
#include "config/load.h"
#include "envoy/config/bootstrap/v3/bootstrap.pb.h"
#include "google/protobuf/any.pb.h"
#include "proxy/listener_config.h"
#include "route/route_table.h"
#include "upstream/lb/endpoint.h"
#include "upstream/spec.h"

namespace proa::config {

/// Main thread. Errors name the field and the value. A field that is set and not supported is a warning in the log,
/// the first time it is met, and counted each time (server.dynamic_unsupported_fields); one whose neglect would weaken
/// security refuses the resource.
class ResourceCompiler {
 public:
  /// `bootstrap`: of the start; runtime values and the node are taken from it. All but the options outlive this.
  ResourceCompiler(const LoadOptions& options, const envoy::config::bootstrap::v3::Bootstrap& bootstrap,
                   SharedObjects& shared, DynamicSources& dynamic);

  Result<upstream::ClusterSpec> cluster(const google::protobuf::Any& body);
  Result<std::shared_ptr<const proxy::ListenerConfig>> listener(const google::protobuf::Any& body);
  Result<std::shared_ptr<const route::RouteTable>> routes(const google::protobuf::Any& body);
  Result<upstream::Assignment> endpoints(const google::protobuf::Any& body);
  Result<Secret> secret(const google::protobuf::Any& body);

 private:
  /// `make(message, at, compiler)` makes the object.
  template <class Message, class Make>
  auto compile(const google::protobuf::Any& body, Make make)
      -> Result<decltype(make(std::declval<const Message&>(), std::declval<const Site&>(), std::declval<Compiler&>()))>;
  Compiler compiler() const;
  void warn(const Problems& problems);

  LoadOptions options_;
  const envoy::config::bootstrap::v3::Bootstrap& bootstrap_;
  SharedObjects& shared_;
  DynamicSources& dynamic_;
  std::set<std::string> told_;  ///< warnings, without the name of their resource
  std::shared_ptr<observe::StatGroup> stats_;
};

}  // namespace proa::config
