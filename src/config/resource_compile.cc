#include "config/resource_compile.h"

#include <fmt/format.h>

#include "base/log.h"
#include "config/cluster_compile.h"
#include "config/cluster_values.h"
#include "config/listener_compile.h"
#include "config/route_compile.h"
#include "config/rules.h"
#include "config/supported.h"
#include "config/tls_secrets.h"
#include "config/typed_payload.h"

namespace proa::config {

using google::protobuf::Any;

namespace {

constexpr size_t kMostTold = 1000;  // a control plane must not fill the memory with its mistakes

constexpr observe::StatDef kWarningStats[] = {{"dynamic_unsupported_fields"}};
const observe::StatSchema kWarningSchema{"server", kWarningStats};

/// All errors in one line, for a NACK.
std::string in_one_line(const Problems& problems) {
  std::string line;
  for (const Problem& problem : problems.all()) {
    if (problem.severity != Severity::error) continue;
    if (!line.empty()) line += "; ";
    line += problem.path.empty() ? problem.what : fmt::format("{}: {}", problem.path, problem.what);
  }
  return line;
}

}  // namespace

ResourceCompiler::ResourceCompiler(const LoadOptions& options, const envoy::config::bootstrap::v3::Bootstrap& bootstrap,
                                   SharedObjects& shared, DynamicSources& dynamic)
    : options_(options),
      bootstrap_(bootstrap),
      shared_(shared),
      dynamic_(dynamic),
      stats_(shared.stats(kWarningSchema, {})) {}

Compiler ResourceCompiler::compiler() const {
  return {.shared = shared_,
          .bootstrap = bootstrap_,
          .service_cluster = options_.service_cluster,
          .service_node = options_.service_node,
          .service_zone = options_.service_zone,
          .health_checks_fail = options_.health_checks_fail,
          .clusters_may_come = true,
          .main_loop = options_.main_loop,
          .dynamic = &dynamic_};
}

template <class Message, class Make>
auto ResourceCompiler::compile(const Any& body, Make make)
    -> Result<decltype(make(std::declval<const Message&>(), std::declval<const Site&>(), std::declval<Compiler&>()))> {
  Message message;
  if (!body.UnpackTo(&message)) return fail(fmt::format("is no readable {}", type_name(body.type_url())));
  const Marks marks;
  Problems problems;
  const FieldPath root;
  const Site at(marks, problems, root);
  check_rules(message, at);
  check_supported(message, supported_table(), /*allow_unsupported=*/true, at);
  if (!problems.ok()) return fail(in_one_line(problems));
  Compiler with = compiler();
  auto made = make(message, at, with);
  if (!problems.ok()) return fail(in_one_line(problems));
  warn(problems);
  return made;
}

void ResourceCompiler::warn(const Problems& problems) {
  if (problems.warnings()) stats_->add(0, static_cast<int64_t>(problems.warnings()));
  for (const Problem& problem : problems.all()) {
    std::string text = problem.str();
    if (told_.size() == kMostTold || !told_.insert(text).second) continue;
    log::get("xds").warn("{}", text);
  }
}

Result<upstream::ClusterSpec> ResourceCompiler::cluster(const Any& body) {
  using Message = envoy::config::cluster::v3::Cluster;
  return compile<Message>(body, [](const Message& from, const Site& at, Compiler& compiler) {
    upstream::ClusterSpec to = compile_cluster(from, at, compiler);
    to.added_via_api = true;
    return to;
  });
}

Result<std::shared_ptr<const proxy::ListenerConfig>> ResourceCompiler::listener(const Any& body) {
  return compile<envoy::config::listener::v3::Listener>(body, compile_listener);
}

Result<std::shared_ptr<const route::RouteTable>> ResourceCompiler::routes(const Any& body) {
  return compile<envoy::config::route::v3::RouteConfiguration>(body, compile_routes);
}

Result<upstream::Assignment> ResourceCompiler::endpoints(const Any& body) {
  using Message = envoy::config::endpoint::v3::ClusterLoadAssignment;
  return compile<Message>(body, [](const Message& from, const Site& at, Compiler&) {
    return compile_assignment(from, /*names=*/false, at);
  });
}

Result<Secret> ResourceCompiler::secret(const Any& body) {
  auto secret = compile<Secret>(body, [](const Secret& from, const Site&, Compiler&) { return from; });
  if (!secret) return secret;
  if (Status usable = check_secret(*secret); !usable) return std::unexpected(usable.error());
  return secret;
}

}  // namespace proa::config
