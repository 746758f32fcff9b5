// checks: rules that several kinds share. Each reports at the site of the value it is given.
#pragma once

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/map.h>
#include <google/protobuf/repeated_ptr_field.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "config/site.h"
#include "istio/networking/v1alpha3/destination_rule.pb.h"
#include "istio/networking/v1alpha3/gateway.pb.h"
#include "istio/networking/v1alpha3/virtual_service.pb.h"
#include "istio/type/v1beta1/selector.pb.h"

namespace proa::mesh {

using Texts = google::protobuf::RepeatedPtrField<std::string>;
using TextMap = google::protobuf::Map<std::string, std::string>;

void check_port(std::uint32_t port, const config::Site& at);
/// At least a millisecond, and whole milliseconds.
void check_duration(const google::protobuf::Duration& duration, const config::Site& at);
void check_percent(double percent, const config::Site& at);
void check_not_negative(std::int64_t value, const config::Site& at);
void check_http_status(std::int64_t status, const config::Site& at);
void check_regex(const std::string& regex, const config::Site& at);
/// `what` is from names.h: what is wrong, or nothing.
void check_name(const std::string& what, const config::Site& at);
void check_ip(const std::string& address, const config::Site& at);
/// An address, or one with a prefix length.
void check_ip_or_range(const std::string& address, const config::Site& at);
/// What comes after "unix://": an absolute path of a file, or "@name".
void check_unix_path(std::string_view path, const config::Site& at);
/// Istio's name of a protocol; an empty one is told by sniffing.
void check_protocol(const std::string& protocol, const config::Site& at);
void check_labels(const TextMap& labels, const config::Site& at);
void check_no_empty(const Texts& values, const config::Site& at);
void check_export_to(const Texts& export_to, const config::Site& at, bool service_entry = false);
/// "gateway", "namespace/gateway" or "mesh".
void check_gateway_names(const Texts& names, const config::Site& at);
/// "namespace/host": of a Sidecar's egress, or (then without a namespace too) of a Gateway's server.
void check_namespaced_host(const std::string& host, bool of_gateway, const config::Site& at);

/// Labels of a selector: no wildcards, no empty key; a warning where there are none.
void check_selector(const TextMap& labels, const config::Site& at);
/// selector, targetRef and targetRefs of a policy: at most one of them.
template <class Policy>
void check_attachment(const Policy& policy, const config::Site& at);

/// A policy of destinations: of DestinationRule, MeshConfig and Sidecar.
void check_connection_pool(const istio::networking::v1alpha3::ConnectionPoolSettings& pool, const config::Site& at);
void check_locality(const istio::networking::v1alpha3::LocalityLoadBalancerSetting& setting, bool outlier_detection,
                    const config::Site& at);
void check_server_tls(const istio::networking::v1alpha3::ServerTLSSettings& tls, const config::Site& at);
void check_retry(const istio::networking::v1alpha3::HTTPRetry& retry, const config::Site& at);
void check_destination(const istio::networking::v1alpha3::Destination& destination, const config::Site& at);

/// Calls check(item, site of the item) for each item of a list.
template <class List, class Check>
void check_each(const List& list, const config::Site& at, Check&& check) {
  for (int i = 0; i < list.size(); ++i) check(list[i], at[static_cast<std::size_t>(i)]);
}

template <class Policy>
void check_attachment(const Policy& policy, const config::Site& at) {
  const int attachments =
      (policy.has_selector() ? 1 : 0) + (policy.has_targetref() ? 1 : 0) + (policy.targetrefs().empty() ? 0 : 1);
  if (attachments > 1) at.error("has both selector and targetRefs", "keep one of them");
  const config::Site selector = at / "selector";
  if (policy.has_selector()) check_selector(policy.selector().match_labels(), selector);
  const auto check_target = [](const istio::type::v1beta1::PolicyTargetReference& target, const config::Site& place) {
    if (target.name().empty()) (place / "name").error("is missing");
    if (!target.namespace_().empty()) {
      (place / "namespace").error("is set, but a policy is attached within its own namespace", "remove it");
    }
    const std::string kind = target.group() + "/" + target.kind();
    for (const std::string_view known :
         {"/Service", "core/Service", "networking.istio.io/ServiceEntry", "gateway.networking.k8s.io/Gateway",
          "gateway.networking.k8s.io/GatewayClass"}) {
      if (kind == known) return;
    }
    (place / "kind")
        .error("is " + config::shown(kind) + ", to which no policy can be attached",
               "attach to a Service, ServiceEntry, Gateway or GatewayClass, with its group");
  };
  const config::Site target = at / "targetRef";
  if (policy.has_targetref()) check_target(policy.targetref(), target);
  const config::Site targets = at / "targetRefs";
  check_each(policy.targetrefs(), targets, check_target);
}

}  // namespace proa::mesh
