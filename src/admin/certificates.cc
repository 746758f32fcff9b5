#include "admin/certificates.h"

#include <algorithm>
#include <set>

#include "net/tls/client_context.h"
#include "net/tls/server_context.h"

namespace proa::admin {
namespace {

/// Contexts are shared: each is looked at once.
struct Collector {
  std::set<const void*> seen;
  std::vector<ContextCertificates> found;

  template <class Context>
  void add(const std::shared_ptr<const net::tls::Slot<Context>>& slot) {
    if (!slot) return;
    const std::shared_ptr<const Context> context = slot->current();
    if (!context || !seen.insert(context.get()).second) return;
    ContextCertificates certificates{.trusted = context->trusted(), .own = context->certificates()};
    if (!certificates.trusted.empty() || !certificates.own.empty()) found.push_back(std::move(certificates));
  }
};

}  // namespace

std::vector<ContextCertificates> certificates_in_use(proxy::Server& server) {
  Collector collector;
  for (const auto& listener : server.listeners()) {
    for (const auto& chain : listener->chains) collector.add(chain->tls);
    if (listener->default_chain) collector.add(listener->default_chain->tls);
  }
  if (server.state() == proxy::ServerState::kPreInitializing) return std::move(collector.found);
  for (const auto& cluster : server.clusters().list()) {
    collector.add(cluster->spec().socket.tls);
    for (const auto& match : cluster->spec().socket_matches) collector.add(match.socket.tls);
  }
  return std::move(collector.found);
}

uint64_t days_until_expiration(const net::CertificateInfo& certificate, WallTime now) {
  if (certificate.valid_until <= now) return 0;
  return static_cast<uint64_t>(std::chrono::floor<std::chrono::days>(certificate.valid_until - now).count());
}

std::optional<uint64_t> days_until_first_expiration(proxy::Server& server, WallTime now) {
  std::optional<uint64_t> first;
  for (const ContextCertificates& context : certificates_in_use(server)) {
    for (const auto* list : {&context.own, &context.trusted}) {
      for (const net::CertificateInfo& certificate : *list) {
        uint64_t days = days_until_expiration(certificate, now);
        first = std::min(first.value_or(days), days);
      }
    }
  }
  return first;
}

}  // namespace proa::admin
