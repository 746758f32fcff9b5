#include "mesh/agent/secret_server.h"

#include "envoy/extensions/transport_sockets/tls/v3/secret.pb.h"

namespace proa::mesh {

namespace {

using envoy::extensions::transport_sockets::tls::v3::Secret;

void add(ResourceSet& to, const Secret& secret) {
  to.types[std::string(kSecretType)][secret.name()] = make_resource(secret.name(), secret.SerializeAsString());
}

}  // namespace

std::shared_ptr<const ResourceSet> secrets_of(const Identity& identity) {
  auto out = std::make_shared<ResourceSet>();
  Secret own;
  own.set_name("default");
  own.mutable_tls_certificate()->mutable_certificate_chain()->set_inline_bytes(identity.chain_pem);
  own.mutable_tls_certificate()->mutable_private_key()->set_inline_bytes(identity.key_pem);
  add(*out, own);
  Secret roots;
  roots.set_name("ROOTCA");
  roots.mutable_validation_context()->mutable_trusted_ca()->set_inline_bytes(identity.roots_pem);
  add(*out, roots);
  return out;
}

SecretServer::SecretServer(net::Loop& loop)
    : push_(loop, [this](const Node&) { return secrets_; }), server_(loop, services_) {
  push_.add_to(services_, kSecretType);
}

Status SecretServer::listen(const std::string& path) {
  auto address = net::Address::unix_path(path);
  if (!address) return std::unexpected(address.error());
  auto bound = server_.listen({.address = *address, .unix_mode = 0600});
  if (!bound) return std::unexpected(bound.error());
  return {};
}

void SecretServer::publish(const Identity& identity) {
  secrets_ = secrets_of(identity);
  push_.push_now();
}

}  // namespace proa::mesh
