#include "config/early_request_compile.h"

#include <algorithm>

#include "config/filter_compile.h"
#include "config/supported.h"
#include "config/typed_payload.h"
#include "config/values.h"
#include "envoy/extensions/http/early_header_mutation/header_mutation/v3/header_mutation.pb.h"
#include "envoy/extensions/http/original_ip_detection/custom_header/v3/custom_header.pb.h"
#include "envoy/extensions/http/original_ip_detection/xff/v3/xff.pb.h"
#include "http/string_matcher.h"
#include "net/own_address.h"

namespace proa::config {

namespace hcm = envoy::extensions::filters::network::http_connection_manager::v3;
namespace detection = envoy::extensions::http::original_ip_detection;
using CustomHeader = detection::custom_header::v3::CustomHeaderConfig;
using EarlyMutation = envoy::extensions::http::early_header_mutation::header_mutation::v3::HeaderMutation;
using Xff = detection::xff::v3::XffConfig;
using proxy::IpDetection;

namespace {

constexpr uint16_t kForbidden = 403;

IpDetection compile_xff(const Xff& from, const Site& at) {
  IpDetection to;
  if (from.has_xff_trusted_cidrs() && from.xff_num_trusted_hops()) {
    at.error("has xff_num_trusted_hops beside xff_trusted_cidrs", "keep one of them");
  }
  to.xff_trusted_hops = from.xff_num_trusted_hops();
  const Site cidr_list = at / "xff_trusted_cidrs.cidrs";
  to.xff_trusted_proxies = cidrs(from.xff_trusted_cidrs().cidrs(), cidr_list);
  to.skip_xff_append = !from.has_skip_xff_append() || from.skip_xff_append().value();
  return to;
}

IpDetection compile_custom_header(const CustomHeader& from) {
  IpDetection to;
  to.header = http::to_lower(from.header_name());
  to.trust = from.allow_extension_to_set_address_as_trusted();
  if (from.has_reject_with_status()) {
    // Envoy answers nothing but an error.
    const auto code = static_cast<int>(from.reject_with_status().code());
    to.reject_status = code >= 400 && code < 600 ? static_cast<uint16_t>(code) : kForbidden;
  }
  return to;
}

void compile_detections(const hcm::HttpConnectionManager& from, proxy::ConnectionManager& to, const Site& at) {
  const Site list = at / "original_ip_detection_extensions";
  for (int i = 0; i < from.original_ip_detection_extensions_size(); ++i) {
    const Site item = list[static_cast<size_t>(i)];
    const Site config = item / "typed_config";
    const std::optional<Payload> payload = open_any(from.original_ip_detection_extensions(i).typed_config(), config);
    if (!payload) continue;
    if (auto* xff = dynamic_cast<const Xff*>(payload->message.get())) {
      to.ip_detections.push_back(compile_xff(*xff, payload->inside(config)));
    } else if (auto* header = dynamic_cast<const CustomHeader*>(payload->message.get())) {
      to.ip_detections.push_back(compile_custom_header(*header));
    } else {
      config.error("is no way to detect the client's address");
    }
  }
  if (to.ip_detections.empty()) return;
  if (to.use_remote_address) list.error("cannot stand beside use_remote_address", "remove one of them");
  if (to.xff_num_trusted_hops) {
    list.error("cannot stand beside xff_num_trusted_hops", "set the hops of an XffConfig instead");
  }
}

void compile_early_headers(const hcm::HttpConnectionManager& from, proxy::ConnectionManager& to, const Site& at) {
  const Site list = at / "early_header_mutation_extensions";
  for (int i = 0; i < from.early_header_mutation_extensions_size(); ++i) {
    const Site item = list[static_cast<size_t>(i)];
    const Site config = item / "typed_config";
    const std::optional<Payload> payload = open_any(from.early_header_mutation_extensions(i).typed_config(), config);
    if (!payload) continue;
    const Site inside = payload->inside(config);
    if (auto* mutation = dynamic_cast<const EarlyMutation*>(payload->message.get())) {
      compile_header_mutations(mutation->mutations(), to.early_headers, inside / "mutations");
    } else {
      config.error("is no early change of headers");
    }
  }
}

}  // namespace

void compile_early_request(const hcm::HttpConnectionManager& from, proxy::ConnectionManager& to, const Site& at) {
  compile_detections(from, to, at);
  compile_early_headers(from, to, at);
  auto may_append = [](const IpDetection& how) { return !how.skip_xff_append || !how.xff_trusted_proxies.empty(); };
  const bool appends = to.use_remote_address ? !to.skip_xff_append : std::ranges::any_of(to.ip_detections, may_append);
  if (appends) to.own_ip = net::own_address().ip();
}

void add_early_request_fields(SupportedTable& table) {
  table.add(supported<EarlyMutation>({"mutations"}));
  table.add(
      supported<CustomHeader>({"header_name", "allow_extension_to_set_address_as_trusted", "reject_with_status"}));
  table.add(supported<Xff>({"xff_num_trusted_hops", "xff_trusted_cidrs", "skip_xff_append"}));
  table.add(supported<detection::xff::v3::XffTrustedCidrs>({"cidrs"}));
}

}  // namespace proa::config
