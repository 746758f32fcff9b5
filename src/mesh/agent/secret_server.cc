#include "mesh/agent/secret_server.h"

#include "envoy/extensions/transport_sockets/tls/v3/secret.pb.h"

namespace proa::mesh {

namespace {

using envoy::extensions::transport_sockets::tls::v3::Secret;

void add(ResourceSet& to, const Secret& secret) {
  to.types[std::string(kSecretType)][secret.name()] = make_resource(secret.name(), secret.SerializeAsString());
}

}  // namespace

std::shared_ptr<ResourceSet> secrets_of(const Identity& identity) {
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
    : files_(loop, [this] { publish(); }),
      push_(loop, [this](const Node&) { return secrets_; },
            {.asked = [this](const Session& session) { asked(session); }}),
      server_(loop, services_) {
  push_.add_to(services_, kSecretType);
}

Status SecretServer::listen(const std::string& path) {
  auto address = net::Address::unix_path(path);
  if (!address) return std::unexpected(address.error());
  auto bound = server_.listen({.address = *address, .unix_mode = 0600});
  if (!bound) return std::unexpected(bound.error());
  return {};
}

void SecretServer::asked(const Session& session) {
  bool news = false;
  session.for_each_type([&](std::string_view, const Subscription& subscription) {
    for (const std::string& name : subscription.names()) {
      if (FileSecrets::is_one(name)) news |= files_.ask(name);
    }
  });
  if (news) publish();
}

void SecretServer::publish(const Identity& identity) {
  own_ = secrets_of(identity);
  publish();
}

void SecretServer::publish() {
  if (!own_) return;
  auto all = std::make_shared<ResourceSet>(*own_);
  all->types[std::string(kSecretType)].insert(files_.all().begin(), files_.all().end());
  secrets_ = std::move(all);
  push_.push_now();
}

}  // namespace proa::mesh
