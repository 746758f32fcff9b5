#include "net/tls/server_context.h"

#include <openssl/core_names.h>
#include <openssl/rand.h>

#include <algorithm>
#include <map>

#include "net/byte_reader.h"
#include "net/tls/base_context.h"
#include "net/tls/certificate.h"
#include "net/tls/transport.h"

namespace proa::net::tls {
namespace {

constexpr size_t kTicketKeySize = 80;

struct TicketKey {
  std::string name, hmac, aes;  // 16, 32, 32
};

// Every setting that decides who is let in: a session made under other ones must not be taken.
std::string trust_digest(const ServerTlsOptions& options, const BaseContext& base) {
  std::string text;
  auto add = [&text](std::string_view part) { text += std::to_string(part.size()) + ":" + std::string(part); };
  for (const KeyPair& pair : base.pairs) {
    // The names and the issuer, not the certificate: rotating it does not end sessions.
    add(pair.info->issuer);
    add(pair.info->subject);
    for (const auto& name : pair.info->uri_sans) add(name);
    for (const auto& name : pair.info->dns_sans) add(name);
  }
  const ValidationOptions& checks = options.validation;
  add(checks.ca_pem);
  add(checks.crl_pem);
  for (const TrustDomain& domain : checks.trust_domains) add(domain.name + "\n" + domain.ca_pem);
  for (const SanMatcher& san : checks.sans) {
    add(std::to_string(static_cast<int>(san.type)) + std::to_string(static_cast<int>(san.match)) +
        (san.ignore_case ? "i" : "") + san.oid + " " + san.value);
  }
  for (const auto& pin : checks.certificate_sha256) add("c" + pin);
  for (const auto& pin : checks.spki_sha256) add("k" + pin);
  add(std::to_string(checks.max_depth));
  for (bool flag : {checks.system_roots, checks.crl_leaf_only, checks.allow_expired, checks.accept_untrusted,
                    options.require_client_certificate}) {
    add(flag ? "1" : "0");
  }
  return sha256(text);
}

}  // namespace

struct ServerContext::Impl {
  BaseContext base;
  std::string trust;  // digest
  std::vector<TicketKey> ticket_keys;
  bool require_client_certificate = false;
  bool require_sni = false;
  bool require_alpn_match = false;
  // Name -> pairs, one of each key type. A wildcard is filed under ".example.com".
  std::map<std::string, std::vector<const KeyPair*>, std::less<>> by_name;

  static const Impl& of(SSL* connection) {
    return *static_cast<const Impl*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(connection)));
  }
  static TlsTransport& transport(SSL* connection) { return *static_cast<TlsTransport*>(SSL_get_app_data(connection)); }

  void index_names();
  const std::vector<const KeyPair*>* choose(std::string_view sni) const;
  Status read_ticket_keys(const std::vector<std::string>& keys);
  void install(const ServerTlsOptions& options);

  static int on_client_hello(SSL* connection, int* alert, void*);
  static int on_choose_certificate(SSL* connection, void*);
  static int on_alpn(SSL* connection, const unsigned char** out, unsigned char* size, const unsigned char* offer,
                     unsigned int offer_size, void*);
  static int on_ocsp(SSL* connection, void*);
  static int on_ticket_key(SSL* connection, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
                           EVP_MAC_CTX* mac, int encrypt);
  static SSL_TICKET_RETURN on_ticket(SSL* connection, SSL_SESSION* session, const unsigned char*, size_t,
                                     SSL_TICKET_STATUS status, void*);
};

void ServerContext::Impl::index_names() {
  for (const KeyPair& pair : base.pairs) {
    for (const std::string& name : pair.names) {
      auto& slot = by_name[name.starts_with("*.") ? name.substr(1) : name];
      bool taken = std::any_of(slot.begin(), slot.end(), [&](const KeyPair* p) { return p->kind() == pair.kind(); });
      if (!taken) slot.push_back(&pair);
    }
  }
}

const std::vector<const KeyPair*>* ServerContext::Impl::choose(std::string_view sni) const {
  if (sni.empty()) return nullptr;
  if (auto exact = by_name.find(sni); exact != by_name.end()) return &exact->second;
  size_t dot = sni.find('.');
  if (dot == std::string_view::npos) return nullptr;
  auto wildcard = by_name.find(sni.substr(dot));
  return wildcard == by_name.end() ? nullptr : &wildcard->second;
}

int ServerContext::Impl::on_client_hello(SSL* connection, int* alert, void*) {
  const Impl& self = of(connection);
  const unsigned char* data = nullptr;
  size_t size = 0;
  std::string sni;
  if (SSL_client_hello_get0_ext(connection, TLSEXT_TYPE_server_name, &data, &size) == 1) {
    ByteReader extension({reinterpret_cast<const char*>(data), size});
    ByteReader list(extension.vector16());
    if (list.u8() == TLSEXT_NAMETYPE_host_name) sni = list.vector16();
    for (char& c : sni) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  }
  if (sni.empty() && self.require_sni) {
    *alert = SSL_AD_UNRECOGNIZED_NAME;
    transport(connection).explain("the client sent no server name, which is required");
    return SSL_CLIENT_HELLO_ERROR;
  }
  // Before OpenSSL looks for a session: only one of the same trust and name will be found.
  std::string id = sha256(self.trust + sni);
  SSL_set_session_id_context(connection, reinterpret_cast<const unsigned char*>(id.data()),
                             static_cast<unsigned int>(id.size()));
  transport(connection).info().sni = std::move(sni);
  return SSL_CLIENT_HELLO_SUCCESS;
}

int ServerContext::Impl::on_choose_certificate(SSL* connection, void*) {
  const auto* chosen = of(connection).choose(transport(connection).info().sni);
  if (!chosen) return 1;
  SSL_certs_clear(connection);
  for (const KeyPair* pair : *chosen) {
    if (SSL_use_cert_and_key(connection, pair->leaf.get(), pair->key.get(), pair->chain.get(), 1) != 1) return 0;
  }
  return 1;
}

int ServerContext::Impl::on_alpn(SSL* connection, const unsigned char** out, unsigned char* size,
                                 const unsigned char* offer, unsigned int offer_size, void*) {
  const Impl& self = of(connection);
  std::vector<std::string> offered;
  ByteReader list({reinterpret_cast<const char*>(offer), offer_size});
  while (!list.empty() && !list.failed()) offered.emplace_back(list.vector8());
  if (transport(connection).info().alpn.empty()) transport(connection).info().alpn = offered;
  ByteReader ours(self.base.alpn_wire);
  while (!ours.empty()) {
    std::string_view name = ours.vector8();
    if (std::find(offered.begin(), offered.end(), name) == offered.end()) continue;
    *out = reinterpret_cast<const unsigned char*>(name.data());  // lives in the context
    *size = static_cast<unsigned char>(name.size());
    return SSL_TLSEXT_ERR_OK;
  }
  return self.require_alpn_match ? SSL_TLSEXT_ERR_ALERT_FATAL : SSL_TLSEXT_ERR_NOACK;
}

int ServerContext::Impl::on_ocsp(SSL* connection, void*) {
  X509* used = SSL_get_certificate(connection);
  for (const KeyPair& pair : of(connection).base.pairs) {
    if (pair.leaf.get() != used || pair.ocsp_staple.empty()) continue;
    void* copy = OPENSSL_memdup(pair.ocsp_staple.data(), pair.ocsp_staple.size());
    SSL_set_tlsext_status_ocsp_resp(connection, copy, static_cast<long>(pair.ocsp_staple.size()));
    return SSL_TLSEXT_ERR_OK;
  }
  return SSL_TLSEXT_ERR_NOACK;
}

int ServerContext::Impl::on_ticket_key(SSL* connection, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
                                       EVP_MAC_CTX* mac, int encrypt) {
  const auto& keys = of(connection).ticket_keys;
  auto key = keys.begin();
  if (encrypt) {
    key->name.copy(reinterpret_cast<char*>(name), key->name.size());
    if (RAND_bytes(iv, 16) != 1) return -1;
  } else {
    std::string_view wanted(reinterpret_cast<char*>(name), 16);
    key = std::find_if(keys.begin(), keys.end(), [&](const TicketKey& k) { return k.name == wanted; });
    if (key == keys.end()) return 0;
  }
  auto* aes = reinterpret_cast<const unsigned char*>(key->aes.data());
  if (EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), nullptr, aes, iv, encrypt) != 1) return -1;
  char digest[] = "SHA256";
  OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, const_cast<char*>(key->hmac.data()), key->hmac.size()),
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0), OSSL_PARAM_construct_end()};
  if (EVP_MAC_CTX_set_params(mac, parameters) != 1) return -1;
  if (encrypt) return 1;
  // 2: give the client a new ticket, because its key is an old one or because a ticket serves once in TLS 1.3.
  return key == keys.begin() && SSL_version(connection) < TLS1_3_VERSION ? 1 : 2;
}

SSL_TICKET_RETURN ServerContext::Impl::on_ticket(SSL* connection, SSL_SESSION* session, const unsigned char*, size_t,
                                                 SSL_TICKET_STATUS status, void*) {
  const Impl& self = of(connection);
  if (status != SSL_TICKET_SUCCESS && status != SSL_TICKET_SUCCESS_RENEW) {
    return status == SSL_TICKET_FATAL_ERR_MALLOC || status == SSL_TICKET_FATAL_ERR_OTHER
               ? SSL_TICKET_RETURN_ABORT
               : SSL_TICKET_RETURN_IGNORE_RENEW;
  }
  X509* peer = SSL_SESSION_get0_peer(session);
  bool good = peer ? self.base.verifier->may_resume(peer) : !self.require_client_certificate;
  if (!good) return SSL_TICKET_RETURN_IGNORE_RENEW;
  return status == SSL_TICKET_SUCCESS ? SSL_TICKET_RETURN_USE : SSL_TICKET_RETURN_USE_RENEW;
}

Status ServerContext::Impl::read_ticket_keys(const std::vector<std::string>& keys) {
  for (const std::string& key : keys) {
    if (key.size() != kTicketKeySize) {
      return fail("a session ticket key has " + std::to_string(key.size()) + " bytes, not 80");
    }
    ticket_keys.push_back({key.substr(0, 16), key.substr(16, 32), key.substr(48, 32)});
  }
  return {};
}

void ServerContext::Impl::install(const ServerTlsOptions& options) {
  SSL_CTX* ssl = base.ssl.get();
  SSL_CTX_set_app_data(ssl, this);
  if (!options.prefer_client_ciphers) SSL_CTX_set_options(ssl, SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_client_hello_cb(ssl, on_client_hello, nullptr);
  // With one certificate of each type there is nothing to choose.
  if (!by_name.empty() && base.pairs.size() > 1) SSL_CTX_set_cert_cb(ssl, on_choose_certificate, nullptr);
  if (!base.alpn_wire.empty()) SSL_CTX_set_alpn_select_cb(ssl, on_alpn, nullptr);
  bool stapled = std::any_of(base.pairs.begin(), base.pairs.end(), [](auto& p) { return !p.ocsp_staple.empty(); });
  if (stapled) SSL_CTX_set_tlsext_status_cb(ssl, on_ocsp);

  SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_timeout(ssl, static_cast<long>(options.session_timeout.count()));
  if (options.session_tickets) {
    SSL_CTX_set_num_tickets(ssl, 1);  // each resumption gives the next one
    SSL_CTX_set_session_ticket_cb(ssl, nullptr, on_ticket, nullptr);
    if (!ticket_keys.empty()) SSL_CTX_set_tlsext_ticket_key_evp_cb(ssl, on_ticket_key);
  } else {
    SSL_CTX_set_options(ssl, SSL_OP_NO_TICKET);
    SSL_CTX_set_num_tickets(ssl, 0);
  }

  int mode = SSL_VERIFY_NONE;
  if (!base.verifier->idle() || require_client_certificate) mode = SSL_VERIFY_PEER;
  if (require_client_certificate) mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
  SSL_CTX_set_verify(ssl, mode, nullptr);
  SSL_CTX_set_client_CA_list(ssl, base.verifier->root_names());
}

ServerContext::ServerContext(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ServerContext::~ServerContext() = default;
const BaseContext& ServerContext::base() const { return impl_->base; }

Result<std::shared_ptr<const ServerContext>> ServerContext::make(const ServerTlsOptions& options) {
  if (options.certificates.empty()) return fail("a TLS server needs a certificate");
  auto base = make_base(options, TLS_server_method());
  if (!base) return std::unexpected(base.error());
  auto impl = std::make_unique<Impl>();
  impl->base = std::move(*base);
  impl->trust = trust_digest(options, impl->base);
  impl->require_client_certificate = options.require_client_certificate;
  impl->require_sni = options.require_sni;
  impl->require_alpn_match = options.require_alpn_match;
  if (auto status = impl->read_ticket_keys(options.session_ticket_keys); !status) {
    return std::unexpected(status.error());
  }
  impl->index_names();
  impl->install(options);
  return std::shared_ptr<const ServerContext>(new ServerContext(std::move(impl)));
}

std::vector<CertificateInfo> ServerContext::certificates() const {
  std::vector<CertificateInfo> out;
  for (const KeyPair& pair : impl_->base.pairs) out.push_back(*pair.info);
  return out;
}

std::vector<CertificateInfo> ServerContext::trusted() const { return impl_->base.verifier->describe_roots(); }

}  // namespace proa::net::tls
