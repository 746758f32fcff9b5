#include "mesh/translate/inbound_inspectors.h"

#include <algorithm>
#include <map>

#include "envoy/extensions/filters/listener/http_inspector/v3/http_inspector.pb.h"
#include "envoy/extensions/filters/listener/tls_inspector/v3/tls_inspector.pb.h"
#include "mesh/translate/connection_manager.h"

namespace proa::mesh {

namespace {

using envoy::config::listener::v3::Listener;
using envoy::config::listener::v3::ListenerFilter;
using envoy::config::listener::v3::ListenerFilterChainMatchPredicate;

/// By port, 0 for chains of all others: whether it is asked for.
using Asked = std::map<std::uint32_t, bool>;

ListenerFilterChainMatchPredicate at_port(std::uint32_t port) {
  ListenerFilterChainMatchPredicate out;
  out.mutable_destination_port_range()->set_start(static_cast<std::int32_t>(port));
  out.mutable_destination_port_range()->set_end(static_cast<std::int32_t>(port) + 1);
  return out;
}

ListenerFilterChainMatchPredicate at_ports(const std::vector<std::uint32_t>& ports) {
  if (ports.size() == 1) return at_port(ports.front());
  ListenerFilterChainMatchPredicate out;
  for (const std::uint32_t port : ports) *out.mutable_or_match()->add_rules() = at_port(port);
  return out;
}

std::vector<std::uint32_t> ports_that(const Asked& asked, bool ask) {
  std::vector<std::uint32_t> out;
  for (const auto& [port, wanted] : asked) {
    if (wanted == ask) out.push_back(port);
  }
  return out;
}

void add(ListenerFilter filter, ListenerFilterChainMatchPredicate disabled, Listener& listener) {
  if (disabled.rule_case() != ListenerFilterChainMatchPredicate::RULE_NOT_SET) {
    *filter.mutable_filter_disabled() = std::move(disabled);
  }
  *listener.add_listener_filters() = std::move(filter);
}

void add_tls(const Asked& asked, Listener& listener) {
  const auto on = ports_that(asked, true), off = ports_that(asked, false);
  if (on.empty()) return;
  envoy::extensions::filters::listener::tls_inspector::v3::TlsInspector config;
  config.mutable_initial_read_buffer_size()->set_value(512);
  ListenerFilterChainMatchPredicate disabled;
  if (!off.empty() && off.front() == 0) {
    *disabled.mutable_not_match() = at_ports(on);  // nor at any port that has no chain of its own
  } else if (!off.empty()) {
    disabled = at_ports(off);
  }
  add(listener_filter("envoy.filters.listener.tls_inspector", config), std::move(disabled), listener);
}

/// Runs where it is not said not to: at a port without a chain of its own there is TLS if nobody asks for it.
void add_http(const Asked& asked, Listener& listener) {
  if (ports_that(asked, true).empty()) return;
  ListenerFilterChainMatchPredicate disabled;
  if (const auto off = ports_that(asked, false); !off.empty()) disabled = at_ports(off);
  add(listener_filter("envoy.filters.listener.http_inspector",
                      envoy::extensions::filters::listener::http_inspector::v3::HttpInspector()),
      std::move(disabled), listener);
}

}  // namespace

void add_inspectors(Listener& listener) {
  Asked tls, http;
  for (const auto& chain : listener.filter_chains()) {
    const auto& match = chain.filter_chain_match();
    const std::uint32_t port = match.destination_port().value();
    bool& needs_tls = tls[port];
    bool& needs_http = http[port];
    needs_tls = needs_tls || match.transport_protocol() == "tls";
    needs_http = needs_http || std::ranges::any_of(match.application_protocols(), [](const std::string& protocol) {
                   return protocol == "http/1.1" || protocol == "h2c";
                 });
  }
  add_tls(tls, listener);
  add_http(http, listener);
}

}  // namespace proa::mesh
