#include "mesh/ca/authority.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "base/log.h"
#include "net/private_file.h"
#include "net/tls/certificate.h"

namespace proa::mesh {
namespace {

using net::tls::Issued;
using net::tls::Issuer;
using net::tls::IssueRequest;
using net::tls::San;
using net::tls::SanMatcher;

constexpr std::string_view kKey = "ca-key.pem", kCertificate = "ca-cert.pem", kRoots = "root-cert.pem",
                           kChain = "cert-chain.pem", kNextKey = "next-key.pem", kNextCertificate = "next-cert.pem";
constexpr auto kClockSkew = std::chrono::minutes(5);

// Each certificate of a PEM text by itself.
Result<std::vector<std::string>> split(std::string_view pem) {
  auto described = net::tls::describe_pem(pem);
  if (!described) return std::unexpected(described.error());
  std::vector<std::string> out;
  for (const net::CertificateInfo& each : *described) out.push_back(each.pem());
  return out;
}

Result<net::CertificateInfo> first_of(std::string_view pem) {
  auto described = net::tls::describe_pem(pem);
  if (!described) return std::unexpected(described.error());
  if (described->empty()) return fail("no certificate");
  return described->front();
}

std::string root_name(const AuthorityOptions& options) { return "proa root of " + options.trust_domain; }

}  // namespace

Result<Authority> Authority::open(AuthorityOptions options, WallTime) {
  Authority out(std::move(options));
  if (Status made = net::make_private_folder(out.options_.directory); !made) return std::unexpected(made.error());
  auto key = net::read_file(out.path(kKey));
  if (!key) return std::unexpected(key.error());
  if (!*key) {
    // A certificate without its key is somebody's mistake, unless our own first start was cut off.
    auto certificate = net::read_file(out.path(kCertificate));
    if (!certificate) return std::unexpected(certificate.error());
    if (*certificate && !out.made_here(**certificate)) {
      return fail(fmt::format("{} is there, its key {} is not", out.path(kCertificate), kKey));
    }
    if (Status created = out.create(); !created) return std::unexpected(created.error());
  }
  Status loaded = out.load();
  if (!loaded) {  // the end of the process may have cut a promotion off, between its two steps
    auto next_key = net::read_file(out.path(kNextKey));
    if (next_key && !*next_key && out.finish_promotion()) loaded = out.load();
  }
  if (!loaded) return std::unexpected(loaded.error());
  return out;
}

bool Authority::made_here(std::string_view pem) const {
  auto described = first_of(pem);
  return described && described->subject == described->issuer &&
         described->subject.starts_with("CN=" + root_name(options_));
}

Status Authority::create() {
  auto root = Issuer::make_root(root_name(options_));
  if (!root) return std::unexpected(root.error());
  // The key last: without it, this is a first start again.
  const Issued& made = root->authority();
  if (Status wrote = net::write_file(path(kRoots), made.certificate_pem, 0644); !wrote) return wrote;
  if (Status wrote = net::write_file(path(kCertificate), made.certificate_pem, 0644); !wrote) return wrote;
  if (Status wrote = net::write_file(path(kKey), made.key_pem, 0600); !wrote) return wrote;
  log::get("ca").info("made a new root of {} in {}", options_.trust_domain, options_.directory);
  return {};
}

Status Authority::load() {
  auto text = [&](std::string_view name) -> Result<std::string> {
    auto read = net::read_file(path(name));
    if (!read) return std::unexpected(read.error());
    return std::move(*read).value_or("");
  };
  auto key = text(kKey), certificate = text(kCertificate), roots = text(kRoots), chain = text(kChain);
  for (const auto* each : {&key, &certificate, &roots, &chain}) {
    if (!*each) return std::unexpected(each->error());
  }
  if (net::others_may_read(path(kKey))) log::get("ca").warn("others may read {}: chmod 600 it", path(kKey));
  auto issuer = Issuer::load({.certificate_pem = chain->empty() ? *certificate : *chain, .key_pem = *key});
  if (!issuer) return fail(fmt::format("{}: {}", options_.directory, issuer.error().message));
  auto described = first_of(*certificate);
  if (!described) return fail(fmt::format("{}: {}", path(kCertificate), described.error().message));
  own_root_ = chain->empty() && described->subject == described->issuer;
  auto trusted = split(roots->empty() ? *certificate : *roots);
  if (!trusted || trusted->empty()) return fail(fmt::format("{} has no certificate", path(kRoots)));
  auto above = split(chain->empty() ? *certificate : *chain);
  if (!above) return fail(fmt::format("{}: {}", path(kChain), above.error().message));
  // A chain ends with its root: what signs, what stands above it, and the root if it is not among those.
  chain_ = std::move(*above);
  if (std::ranges::find(*trusted, chain_.back()) == trusted->end()) {
    if (own_root_) return fail(fmt::format("{} does not have {}", path(kRoots), path(kCertificate)));
    chain_.push_back(trusted->front());
  }
  // Agents hear of the other roots here, too: Istio's take the last certificate as the root and the rest as the chain.
  for (const std::string& each : *trusted) {
    if (std::ranges::find(chain_, each) == chain_.end()) chain_.insert(chain_.end() - 1, each);
  }
  roots_pem_.clear();
  for (const std::string& each : *trusted) roots_pem_ += each;
  issuer_ = std::move(*issuer);
  issuer_from_ = described->valid_from;
  issuer_until_ = described->valid_until;
  auto next_key = text(kNextKey), next_certificate = text(kNextCertificate);
  if (!next_key || !next_certificate) return fail("cannot read the next root in " + options_.directory);
  next_.reset();
  if (!next_key->empty() && !next_certificate->empty()) {
    next_ = Issued{.certificate_pem = *next_certificate, .key_pem = *next_key};
  }
  return {};
}

Result<WallTime> Authority::end_of(std::chrono::seconds ttl, WallTime now) const {
  if (ttl.count() <= 0) ttl = options_.ttl;
  if (now >= issuer_until_) return fail("the authority's own certificate has expired");
  return std::min<WallTime>(now + std::min(ttl, options_.max_ttl), issuer_until_);
}

Result<std::vector<std::string>> Authority::certify(std::string_view request_pem, const SpiffeId& id,
                                                    std::chrono::seconds ttl, WallTime now) {
  auto until = end_of(ttl, now);
  if (!until) return std::unexpected(until.error());
  IssueRequest request;
  request.sans = {San{SanMatcher::Type::kUri, id.text(), {}}};
  request.valid_from = now - kClockSkew;
  request.valid_until = *until;
  auto signed_pem = issuer_->sign(request_pem, request);
  if (!signed_pem) return std::unexpected(signed_pem.error());
  auto leaf = first_of(*signed_pem);
  if (!leaf) return std::unexpected(leaf.error());
  std::vector<std::string> out{leaf->pem()};
  out.insert(out.end(), chain_.begin(), chain_.end());
  return out;
}

Result<Issued> Authority::issue_for_server(const std::vector<std::string>& dns_names, const SpiffeId& id,
                                           WallTime now) {
  auto until = end_of(options_.ttl, now);
  if (!until) return std::unexpected(until.error());
  IssueRequest request;
  for (const std::string& name : dns_names) request.sans.push_back({SanMatcher::Type::kDns, name, {}});
  request.sans.push_back({SanMatcher::Type::kUri, id.text(), {}});
  request.valid_from = now - kClockSkew;
  request.valid_until = *until;
  return issuer_->issue(request);
}

Status Authority::rotate(WallTime now) {
  if (!own_root_) return fail("the root is not made here: put new files into " + options_.directory);
  if (next_) return fail("a rotation is under way");
  auto root =
      Issuer::make_root(fmt::format("{} {:x}", root_name(options_), now.time_since_epoch().count() / 1'000'000'000));
  if (!root) return std::unexpected(root.error());
  const Issued& made = root->authority();
  if (Status wrote = net::write_file(path(kRoots), roots_pem_ + made.certificate_pem, 0644); !wrote) return wrote;
  if (Status wrote = net::write_file(path(kNextKey), made.key_pem, 0600); !wrote) return wrote;
  if (Status wrote = net::write_file(path(kNextCertificate), made.certificate_pem, 0644); !wrote) return wrote;
  log::get("ca").info("a new root is trusted; it signs in {} s", options_.max_ttl.count());
  return load();
}

Result<bool> Authority::advance(WallTime now) {
  auto done = [](Status status) -> Result<bool> {
    if (!status) return std::unexpected(status.error());
    return true;
  };
  if (next_) {
    auto next = first_of(next_->certificate_pem);
    if (!next) return std::unexpected(next.error());
    if (now < next->valid_from + kClockSkew + options_.max_ttl) return false;
    return done(promote());
  }
  if (!own_root_) return false;
  // Former roots of ours have signed nothing for longer than a certificate lives. Those of others stay.
  auto trusted = split(roots_pem_);
  if (!trusted) return std::unexpected(trusted.error());
  std::string kept;
  for (const std::string& each : *trusted) {
    if (each == chain_.back() || !made_here(each)) kept += each;
  }
  if (kept != roots_pem_ && now >= issuer_from_ + kClockSkew + 2 * options_.max_ttl) {
    if (Status wrote = net::write_file(path(kRoots), kept, 0644); !wrote) return done(wrote);
    log::get("ca").info("the former root is not trusted any more");
    return done(load());
  }
  if (now >= issuer_until_ - (issuer_until_ - issuer_from_) / 10) return done(rotate(now));
  return false;
}

Status Authority::promote() {
  if (std::rename(path(kNextKey).c_str(), path(kKey).c_str()) != 0) return fail("cannot rename " + path(kNextKey));
  if (Status finished = finish_promotion(); !finished) return finished;
  log::get("ca").info("the new root signs; the former one is trusted for {} s more", options_.max_ttl.count());
  return load();
}

Status Authority::finish_promotion() {
  if (std::rename(path(kNextCertificate).c_str(), path(kCertificate).c_str()) == 0) return {};
  return fail("cannot rename " + path(kNextCertificate));
}

}  // namespace proa::mesh
