#include "mesh/explain/destination.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/number.h"
#include "mesh/model/route_index.h"

namespace proa::mesh {

namespace {

// Of a range that is for documentation (RFC 5737): no service and no listener of its own is there.
constexpr const char* kStandIn = "192.0.2.1";

Result<Destination> parsed(std::string_view text) {
  Destination out;
  if (const std::size_t mark = text.find("://"); mark != std::string_view::npos) {
    out.scheme = text.substr(0, mark);
    text.remove_prefix(mark + 3);
    if (out.scheme != "http" && out.scheme != "https" && out.scheme != "grpc" && out.scheme != "tcp") {
      return fail(fmt::format("scheme {} is none of http, https, grpc and tcp", out.scheme));
    }
  }
  const std::size_t slash = std::min(text.find('/'), text.size());
  if (slash < text.size()) out.path = text.substr(slash);
  text = text.substr(0, slash);
  const std::size_t colon = text.rfind(':');
  const bool port = colon != std::string_view::npos && (text.find(':') == colon || text[colon - 1] == ']');
  if (port) {
    const auto number = parse_decimal<std::uint16_t>(text.substr(colon + 1));
    if (!number || *number == 0) return fail(fmt::format("{} is no port", text.substr(colon + 1)));
    out.port = *number;
    text = text.substr(0, colon);
  }
  if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  if (text.empty()) return fail("there is no host");
  out.host = text;
  return out;
}

std::shared_ptr<const Service> service_at(const World& world, const std::string& address) {
  for (const auto& [ns, services] : world.services().by_namespace()) {
    for (const auto& service : *services) {
      if (std::ranges::find(service->addresses, address) != service->addresses.end()) return service;
    }
  }
  return nullptr;
}

/// The host name of the longest wildcard counts, as in DNS and in Envoy.
std::shared_ptr<const Service> service_named(const World& world, const std::string& host, std::string_view ns) {
  for (const std::string& name :
       {host, full_host_name(host, ns, world.domain()), fmt::format("{}.{}", host, world.domain()),
        fmt::format("{}.svc.{}", host, world.domain())}) {
    if (const auto& found = world.services().named(name); !found.empty()) return found.front();
  }
  for (std::size_t dot = host.find('.'); dot != std::string::npos; dot = host.find('.', dot + 1)) {
    if (const auto& found = world.services().named("*" + host.substr(dot)); !found.empty()) return found.front();
  }
  return nullptr;
}

Status set_port(Destination& to) {
  if (to.port != 0) return {};
  if (to.service && to.service->ports.size() == 1) {
    to.port = static_cast<std::uint16_t>(to.service->ports.front().number);
  } else if (to.scheme == "http" || to.scheme == "grpc") {
    to.port = 80;
  } else if (to.scheme == "https") {
    to.port = 443;
  } else {
    return fail(fmt::format("{} needs a port", to.host));
  }
  return {};
}

}  // namespace

Result<Destination> destination_of(const World& world, std::string_view text, std::string_view ns) {
  auto out = parsed(text);
  if (!out) return fail(fmt::format("--to {}: {}", text, out.error().message));
  auto literal = net::Address::parse_ip(out->host, 0);
  out->service = literal ? service_at(world, out->host) : service_named(world, out->host, ns);
  if (Status port = set_port(*out); !port) return fail(fmt::format("--to {}: {}", text, port.error().message));
  std::string ip = literal ? out->host : "";
  if (ip.empty() && out->service) {
    const auto plain = std::ranges::find_if(
        out->service->addresses, [](const std::string& each) { return each.find('/') == std::string::npos; });
    if (plain != out->service->addresses.end()) ip = *plain;
    const ServicePort* port = out->service->port(out->port);
    if (ip.empty() && out->service->headless && port != nullptr) {
      const auto endpoints = world.services().endpoints(*out->service, *port);
      if (!endpoints.empty()) ip = endpoints.front().workload->address;
    }
  }
  out->invented = ip.empty();
  auto address = net::Address::parse_ip(out->invented ? kStandIn : ip, out->port);
  if (!address) return std::unexpected(address.error());
  out->address = *address;
  return out;
}

}  // namespace proa::mesh
