#include "net/tls/verifier.h"

#include <openssl/pem.h>

#include <algorithm>

#include "net/tls/certificate.h"
#include "net/tls/san.h"

namespace proa::net::tls {
namespace {

Result<std::string> decode_hex_pin(std::string_view text) {
  std::string digits;
  for (char c : text) {
    if (c != ':') digits += c;
  }
  long size = 0;
  unsigned char* bytes = digits.size() == 64 ? OPENSSL_hexstr2buf(digits.c_str(), &size) : nullptr;
  if (!bytes) return fail("certificate pin '" + std::string(text) + "' is not the hex of a SHA-256");
  std::string out(reinterpret_cast<char*>(bytes), static_cast<size_t>(size));
  OPENSSL_free(bytes);
  return out;
}

Result<std::string> decode_base64_pin(std::string_view text) {
  unsigned char bytes[33];  // 44 characters, of which the last is padding
  if (text.size() != 44 || text.back() != '=' ||
      EVP_DecodeBlock(bytes, reinterpret_cast<const unsigned char*>(text.data()), 44) != 33) {
    return fail("key pin '" + std::string(text) + "' is not the base64 of a SHA-256");
  }
  return std::string(reinterpret_cast<char*>(bytes), 32);
}

Verdict refuse(Counter counter, std::string reason, int error = X509_V_ERR_APPLICATION_VERIFICATION) {
  return {.accepted = false, .validated = false, .counter = counter, .reason = std::move(reason), .error = error};
}

Status add_crls(X509_STORE* store, std::string_view pem) {
  BioPtr bio = read_bio(pem);
  int count = 0;
  while (X509_CRL* crl = PEM_read_bio_X509_CRL(bio.get(), nullptr, nullptr, nullptr)) {
    X509_STORE_add_crl(store, crl);
    X509_CRL_free(crl);
    ++count;
  }
  if (count == 0) return fail("cannot read the CRL: " + take_errors());
  ERR_clear_error();
  return {};
}

}  // namespace

std::string_view counter_name(Counter counter) {
  switch (counter) {
    case Counter::kHandshake: return "handshake";
    case Counter::kSessionReused: return "session_reused";
    case Counter::kNoCertificate: return "no_certificate";
    case Counter::kFailVerifyNoCert: return "fail_verify_no_cert";
    case Counter::kFailVerifySan: return "fail_verify_san";
    case Counter::kFailVerifyCertHash: return "fail_verify_cert_hash";
    case Counter::kFailVerifyError: return "fail_verify_error";
    case Counter::kConnectionError: return "connection_error";
  }
  return {};
}

Result<StorePtr> Verifier::make_store(std::string_view ca_pem, bool system_roots) {
  StorePtr store(X509_STORE_new());
  if (!ca_pem.empty()) {
    auto roots = read_pem_certificates(ca_pem);
    if (roots.empty()) return fail("cannot read the trusted CA: " + take_errors());
    for (auto& root : roots) {
      X509_STORE_add_cert(store.get(), root.get());
      roots_.push_back(std::move(root));
    }
  }
  if (system_roots && X509_STORE_set_default_paths(store.get()) != 1) {
    return fail("cannot read the system's trusted roots: " + take_errors());
  }
  // A certificate that is configured is trusted by itself: an intermediate needs no root above it.
  unsigned long flags = X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_TRUSTED_FIRST;
  if (!options_.crl_pem.empty()) {
    if (auto status = add_crls(store.get(), options_.crl_pem); !status) return std::unexpected(status.error());
    flags |= X509_V_FLAG_CRL_CHECK | (options_.crl_leaf_only ? 0UL : X509_V_FLAG_CRL_CHECK_ALL);
  }
  if (options_.allow_expired) flags |= X509_V_FLAG_NO_CHECK_TIME;
  X509_STORE_set_flags(store.get(), flags);
  X509_STORE_set_depth(store.get(), static_cast<int>(std::min(options_.max_depth, 100U)));
  return store;
}

Status Verifier::read_pins() {
  for (const std::string& text : options_.certificate_sha256) {
    auto pin = decode_hex_pin(text);
    if (!pin) return std::unexpected(pin.error());
    certificate_pins_.push_back(std::move(*pin));
  }
  for (const std::string& text : options_.spki_sha256) {
    auto pin = decode_base64_pin(text);
    if (!pin) return std::unexpected(pin.error());
    spki_pins_.push_back(std::move(*pin));
  }
  return {};
}

Result<std::shared_ptr<const Verifier>> Verifier::make(const ValidationOptions& options) {
  std::shared_ptr<Verifier> out(new Verifier(options));
  if (!options.trust_domains.empty() && (!options.ca_pem.empty() || options.system_roots)) {
    return fail("trust domains have their own roots: no other trusted CA may be set");
  }
  if (!options.ca_pem.empty() || options.system_roots) {
    auto store = out->make_store(options.ca_pem, options.system_roots);
    if (!store) return std::unexpected(store.error());
    out->store_ = std::move(*store);
  }
  for (const TrustDomain& domain : options.trust_domains) {
    auto store = out->make_store(domain.ca_pem, false);
    if (!store) return fail("trust domain '" + domain.name + "': " + store.error().message);
    out->domains_[domain.name] = std::move(*store);
  }
  if (auto status = out->read_pins(); !status) return std::unexpected(status.error());
  if (!options.sans.empty() && !out->has_roots()) {
    return fail("matching subject alternative names without a trusted CA is insecure: anyone can make such a name");
  }
  if (!options.crl_pem.empty() && !out->has_roots()) return fail("a CRL needs a trusted CA");
  return std::shared_ptr<const Verifier>(std::move(out));
}

STACK_OF(X509_NAME) * Verifier::root_names() const {
  STACK_OF(X509_NAME)* names = sk_X509_NAME_new_null();
  for (const auto& root : roots_) sk_X509_NAME_push(names, X509_NAME_dup(X509_get_subject_name(root.get())));
  return names;
}

std::vector<CertificateInfo> Verifier::describe_roots() const {
  std::vector<CertificateInfo> out;
  for (const auto& root : roots_) {
    out.push_back(describe(root.get()));
    out.back().path = options_.ca_path;
  }
  return out;
}

bool Verifier::pinned(X509* certificate) const {
  if (!certificate_pins_.empty()) {
    std::string digest = sha256(der_of(certificate));
    if (std::find(certificate_pins_.begin(), certificate_pins_.end(), digest) != certificate_pins_.end()) return true;
  }
  if (spki_pins_.empty()) return false;
  unsigned char* bytes = nullptr;
  int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &bytes);
  if (size <= 0) return false;
  std::string digest = sha256({reinterpret_cast<char*>(bytes), static_cast<size_t>(size)});
  OPENSSL_free(bytes);
  return std::find(spki_pins_.begin(), spki_pins_.end(), digest) != spki_pins_.end();
}

Verdict Verifier::verify_chain(X509_STORE_CTX* context, X509* leaf) const {
  X509_STORE_CTX* used = context;
  StoreCtxPtr own;
  if (!domains_.empty()) {
    auto sans = read_sans(leaf);
    auto domain = domains_.find(trust_domain(spiffe_id(sans)));
    if (domain == domains_.end()) {
      return refuse(Counter::kFailVerifyError, "verify cert failed: no trust bundle for the SPIFFE trust domain",
                    X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY);
    }
    own.reset(X509_STORE_CTX_new());
    X509_STORE_CTX_init(own.get(), domain->second.get(), leaf, X509_STORE_CTX_get0_untrusted(context));
    X509_VERIFY_PARAM_set1(X509_STORE_CTX_get0_param(own.get()), X509_STORE_CTX_get0_param(context));
    used = own.get();
  }
  if (X509_verify_cert(used) == 1) return {.accepted = true, .validated = true, .reason = {}};
  int error = X509_STORE_CTX_get_error(used);
  std::string reason = "verify cert failed: X509_verify_cert: certificate verification error at depth " +
                       std::to_string(X509_STORE_CTX_get_error_depth(used)) + ": " +
                       X509_verify_cert_error_string(error);
  return refuse(Counter::kFailVerifyError, std::move(reason), error);
}

Verdict Verifier::verify(X509_STORE_CTX* context, std::span<const SanMatcher> names) const {
  X509* leaf = X509_STORE_CTX_get0_cert(context);
  if (names.empty()) names = options_.sans;
  Verdict out{.accepted = true, .validated = !idle(), .reason = {}};
  if (has_roots()) {
    out = verify_chain(context, leaf);
    if (!out.accepted && options_.accept_untrusted) out = {.accepted = true, .untrusted = true, .reason = {}};
    if (!out.accepted) return out;
  }
  if (!names.empty() && has_roots()) {
    auto sans = read_sans(leaf);
    if (!matches_any(names, sans)) {
      return refuse(Counter::kFailVerifySan, "verify cert failed: verify SAN list");
    }
  }
  if (has_pins() && !pinned(leaf)) {
    return refuse(Counter::kFailVerifyCertHash, "verify cert failed: hash check");
  }
  return out;
}

bool Verifier::may_resume(X509* peer) const {
  if (options_.allow_expired) return true;
  return X509_cmp_current_time(X509_get0_notBefore(peer)) < 0 && X509_cmp_current_time(X509_get0_notAfter(peer)) > 0;
}

}  // namespace proa::net::tls
