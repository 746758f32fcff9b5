#include "mesh/agent/identity.h"

#include <fmt/format.h>

#include <utility>

#include "net/private_file.h"
#include "net/tls/certificate.h"
#include "net/tls/client_context.h"

namespace proa::mesh {

namespace {

/// A context reads all three, and compares the key with the leaf.
Status check_usable(const Identity& identity) {
  net::tls::ClientTlsOptions options;
  net::tls::CertificateOptions certificate;
  certificate.chain_pem = identity.chain_pem;
  certificate.key_pem = identity.key_pem;
  options.certificates.push_back(std::move(certificate));
  options.validation.ca_pem = identity.roots_pem;
  if (auto context = net::tls::ClientContext::make(options); !context) return std::unexpected(context.error());
  return {};
}

}  // namespace

Result<Identity> make_identity(std::string_view certificates_pem, std::string key_pem, WallTime now) {
  auto described = net::tls::describe_pem(certificates_pem);
  if (!described) return std::unexpected(described.error());
  const net::CertificateInfo& leaf = described->front();
  if (leaf.uri_sans.size() != 1) {
    return fail(fmt::format("the certificate has {} URI names, not one", leaf.uri_sans.size()));
  }
  auto id = parse_spiffe_id(leaf.uri_sans.front());
  if (!id) return std::unexpected(id.error());
  if (leaf.valid_until <= now) {
    return fail(
        fmt::format("the certificate of {} has expired; if it was just made, this host's clock is wrong", id->text()));
  }
  Identity out{.id = std::move(*id), .serial = leaf.serial, .valid_until = leaf.valid_until};
  out.key_pem = std::move(key_pem);
  for (size_t i = 0; i < described->size(); ++i) {
    const net::CertificateInfo& each = (*described)[i];
    (i > 0 && each.subject == each.issuer ? out.roots_pem : out.chain_pem) += each.pem();
  }
  if (out.roots_pem.empty()) return fail("there is no root among the certificates");
  if (Status usable = check_usable(out); !usable) return std::unexpected(usable.error());
  return out;
}

Status write_identity(const std::string& path, const Identity& identity) {
  return net::write_file(path, identity.key_pem + identity.chain_pem + identity.roots_pem, 0600);
}

Result<std::optional<Identity>> read_identity(const std::string& path, WallTime now) {
  auto text = net::read_file(path);
  if (!text) return std::unexpected(text.error());
  if (!*text) return std::nullopt;
  if (net::others_may_read(path)) return fail(fmt::format("others may read {}: chmod 600 it", path));
  // Its key is the one block that is no certificate; who reads certificates passes over it.
  auto identity = make_identity(**text, **text, now);
  if (!identity) return fail(fmt::format("{}: {}", path, identity.error().message));
  constexpr std::string_view kEnd = "-----END PRIVATE KEY-----\n";
  const size_t end = identity->key_pem.find(kEnd);
  if (end == std::string::npos) return fail(fmt::format("{} has no private key", path));
  identity->key_pem.resize(end + kEnd.size());
  return std::optional<Identity>(std::move(*identity));
}

}  // namespace proa::mesh
