// What a configuration names and a control plane, or a watched file, delivers: the compile functions ask for it here,
// src/xds answers.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/awaited.h"
#include "config/site.h"
#include "envoy/config/core/v3/config_source.pb.h"
#include "envoy/extensions/transport_sockets/tls/v3/secret.pb.h"
#include "proxy/route_slot.h"
#include "upstream/endpoint_source.h"

namespace envoy::config::bootstrap::v3 {
class Bootstrap;
}

namespace proa::config {

class SupportedTable;
struct LoadOptions;

using Secret = envoy::extensions::transport_sockets::tls::v3::Secret;

/// A secret by name, one object for all that name it in the same source. Main thread.
class SecretSource : public Awaited {
 public:
  /// Null before it has arrived, and for as long as it does not exist.
  virtual const Secret* secret() const = 0;
  /// `changed` runs after each change for as long as `who` lives.
  virtual void watch(std::weak_ptr<const void> who, std::function<void()> changed) = 0;
};

/// Routes by name. The slot is filled and filled again for as long as somebody holds it, on whatever thread.
struct RouteSource {
  std::shared_ptr<proxy::RouteSlot> slot;
  std::shared_ptr<Awaited> arrival;
};

/// Main thread. What the last three functions return holds a subscription for as long as it lives; it is null after a
/// problem, which is told at `at`, the place of the ConfigSource.
class DynamicSources {
 public:
  using ConfigSource = envoy::config::core::v3::ConfigSource;

  virtual ~DynamicSources() = default;
  /// Before anything else is asked for: who this proxy is, and dynamic_resources. Again on a reload, which may not
  /// change either. Problems are told below `at`, the root.
  virtual void begin(const envoy::config::bootstrap::v3::Bootstrap& bootstrap, const LoadOptions& options,
                     const Site& at) = 0;
  virtual RouteSource routes(const ConfigSource& source, const std::string& name, const Site& at) = 0;
  virtual std::shared_ptr<upstream::EndpointSource> endpoints(const ConfigSource& source, const std::string& name,
                                                              const Site& at) = 0;
  virtual std::shared_ptr<SecretSource> secret(const ConfigSource& source, const std::string& name, const Site& at) = 0;
};

/// ConfigSource and what it holds.
void add_dynamic_source_fields(SupportedTable& table);

}  // namespace proa::config
