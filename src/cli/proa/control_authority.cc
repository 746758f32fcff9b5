#include "cli/proa/control_authority.h"

#include <utility>

#include "base/log.h"
#include "mesh/ca/certificate_service.h"
#include "mesh/ca/node_identity.h"
#include "net/tls/server_context.h"

namespace proa::cli {

std::string token_folder(const std::string& authority) { return authority + "/tokens"; }

ControlAuthority::ControlAuthority(net::Loop& loop, mesh::Authority authority, std::vector<std::string> dns_names)
    : loop_(loop),
      authority_(std::move(authority)),
      tokens_(token_folder(authority_.options().directory)),
      dns_names_(std::move(dns_names)),
      trust_domains_{authority_.options().trust_domain},
      tls_(std::make_shared<net::tls::ServerSlot>(nullptr)),
      timer_(net::Timer::of<&ControlAuthority::look>(this)) {}

Result<std::unique_ptr<ControlAuthority>> ControlAuthority::open(net::Loop& loop, mesh::AuthorityOptions options,
                                                                 std::vector<std::string> dns_names) {
  auto authority = mesh::Authority::open(std::move(options), loop.wall_now());
  if (!authority) return std::unexpected(authority.error());
  std::unique_ptr<ControlAuthority> out(new ControlAuthority(loop, std::move(*authority), std::move(dns_names)));
  if (Status renewed = out->renew(); !renewed) return std::unexpected(renewed.error());
  if (Status watched = out->watch_for_rotation(); !watched) return std::unexpected(watched.error());
  out->timer_.start(loop, kLook);
  return out;
}

Status ControlAuthority::watch_for_rotation() {
  auto watcher = net::FileWatcher::make(loop_);
  if (!watcher) return std::unexpected(watcher.error());
  watcher_ = std::move(*watcher);
  auto watch = watcher_->watch_file(authority_.options().directory + "/next-cert.pem", [this] {
    if (Status read = reload(); !read) log::get("ca").error("{}", read.error().message);
  });
  if (!watch) return std::unexpected(watch.error());
  watch_ = std::move(*watch);
  return {};
}

void ControlAuthority::add_to(grpc::Services& services) {
  mesh::add_certificate_service(services, authority_, tokens_);
}

Result<std::string> ControlAuthority::identify(const net::ConnectionInfo& peer, const mesh::Node& node) const {
  return mesh::node_identity(peer, node, trust_domains_);
}

Status ControlAuthority::renew() {
  const WallTime now = loop_.wall_now();
  const mesh::SpiffeId id{trust_domains_.front(), "proa-system", "proa"};
  auto issued = authority_.issue_for_server(dns_names_, id, now);
  if (!issued) return std::unexpected(issued.error());
  net::tls::ServerTlsOptions options;
  options.alpn = {"h2"};
  net::tls::CertificateOptions certificate;
  certificate.chain_pem = issued->certificate_pem;
  certificate.key_pem = issued->key_pem;
  options.certificates.push_back(std::move(certificate));
  options.validation.ca_pem = authority_.roots_pem();
  auto context = net::tls::ServerContext::make(options);
  if (!context) return std::unexpected(context.error());
  tls_->replace(std::move(*context));
  renewed_ = now;
  return {};
}

Status ControlAuthority::reload() {
  auto again = mesh::Authority::open(authority_.options(), loop_.wall_now());
  if (!again) return std::unexpected(again.error());
  authority_ = std::move(*again);
  return renew();
}

void ControlAuthority::look() {
  timer_.start(loop_, kLook);
  const WallTime now = loop_.wall_now();
  Result<bool> advanced = authority_.advance(now);
  if (!advanced) log::get("ca").error("the rotation of the root does not go on: {}", advanced.error().message);
  const bool due = now >= renewed_ + authority_.options().ttl / 2 || now < renewed_;
  if (!due && !advanced.value_or(false)) return;
  if (Status renewed = renew(); !renewed) log::get("ca").error("{}", renewed.error().message);
}

}  // namespace proa::cli
