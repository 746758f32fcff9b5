#include "config/tls_secrets.h"

#include <fmt/format.h>

#include "envoy/extensions/transport_sockets/tls/v3/secret.pb.h"

namespace proa::config {

namespace tls3 = envoy::extensions::transport_sockets::tls::v3;
using Context = TlsSecrets::Context;

namespace {

/// The one name of a validation context, in either of the two places where it may stand; null: none.
const tls3::SdsSecretConfig* validation_secret(const Context& from) {
  if (from.has_validation_context_sds_secret_config()) return &from.validation_context_sds_secret_config();
  if (from.has_combined_validation_context() &&
      from.combined_validation_context().has_validation_context_sds_secret_config()) {
    return &from.combined_validation_context().validation_context_sds_secret_config();
  }
  return nullptr;
}

}  // namespace

bool TlsSecrets::named_in(const Context& from) {
  return from.tls_certificate_sds_secret_configs_size() > 0 || validation_secret(from);
}

TlsSecrets TlsSecrets::find(const Context& from, const Site& at, Compiler& compiler) {
  TlsSecrets secrets;
  auto add = [&](const tls3::SdsSecretConfig& wanted, const Site& place) {
    if (auto source = compiler.dynamic->secret(wanted.sds_config(), wanted.name(), place / "sds_config")) {
      secrets.all_.push_back(std::move(source));
    }
  };
  const Site certificates = at / "tls_certificate_sds_secret_configs";
  for (int i = 0; i < from.tls_certificate_sds_secret_configs_size(); ++i) {
    const Site item = certificates[static_cast<size_t>(i)];
    add(from.tls_certificate_sds_secret_configs(i), item);
  }
  if (const tls3::SdsSecretConfig* validation = validation_secret(from)) {
    add(*validation, from.has_combined_validation_context()
                         ? at / "combined_validation_context.validation_context_sds_secret_config"
                         : at / "validation_context_sds_secret_config");
  }
  return secrets;
}

TlsSecrets TlsSecrets::from(const Weak& weak) {
  TlsSecrets secrets;
  for (const auto& one : weak) secrets.all_.push_back(one.lock());
  return secrets;
}

Status TlsSecrets::put_into(Context& to) const {
  size_t next = 0;
  auto secret_at = [this](size_t i) { return i < all_.size() && all_[i] ? all_[i]->secret() : nullptr; };
  auto missing = [](const std::string& name, std::string_view kind) {
    return fail(fmt::format("the secret {} has not arrived, or is no {}", name, kind));
  };
  for (const auto& wanted : to.tls_certificate_sds_secret_configs()) {
    const tls3::Secret* secret = secret_at(next++);
    if (!secret || !secret->has_tls_certificate()) return missing(wanted.name(), "certificate");
    *to.add_tls_certificates() = secret->tls_certificate();
  }
  if (const tls3::SdsSecretConfig* wanted = validation_secret(to)) {
    const tls3::Secret* secret = secret_at(next);
    if (!secret || !secret->has_validation_context()) return missing(wanted->name(), "validation context");
    tls3::CertificateValidationContext validation;
    if (to.has_combined_validation_context())
      validation = to.combined_validation_context().default_validation_context();
    validation.MergeFrom(secret->validation_context());  // as Envoy: what the secret says comes on top
    *to.mutable_validation_context() = std::move(validation);
  }
  to.clear_tls_certificate_sds_secret_configs();
  return {};
}

}  // namespace proa::config
