#include "net/tls/client_context.h"

#include "net/tls/base_context.h"
#include "net/tls/client_impl.h"
#include "net/tls/transport.h"

namespace proa::net::tls {

ClientContext::ClientContext(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ClientContext::~ClientContext() = default;
const BaseContext& ClientContext::base() const { return impl_->base; }
const std::string& ClientContext::sni() const { return impl_->sni; }
const std::vector<std::string>& ClientContext::alpn() const { return impl_->alpn; }
size_t ClientContext::session_count() const { return impl_->sessions.size(); }

Result<std::shared_ptr<const ClientContext>> ClientContext::make(const ClientTlsOptions& options) {
  if (options.sni.size() > 255 || options.sni.find('\0') != std::string::npos) {
    return fail("'" + options.sni + "' cannot be sent as a server name");
  }
  auto base = make_base(options, TLS_client_method());
  if (!base) return std::unexpected(base.error());
  auto impl = std::make_unique<Impl>(options.max_session_keys);
  impl->base = std::move(*base);
  impl->sni = options.sni;
  impl->alpn = options.alpn;
  SSL_CTX* ssl = impl->base.ssl.get();
  SSL_CTX_set_app_data(ssl, impl.get());
  SSL_CTX_set_verify(ssl, impl->base.verifier->idle() ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, nullptr);
  if (options.max_session_keys) {
    SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(ssl, [](SSL* connection, SSL_SESSION* session) {
      static_cast<TlsTransport*>(SSL_get_app_data(connection))->keep_session(session);
      return 1;  // it is ours now
    });
  } else {
    SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
  }
  return std::shared_ptr<const ClientContext>(new ClientContext(std::move(impl)));
}

std::vector<CertificateInfo> ClientContext::certificates() const {
  std::vector<CertificateInfo> out;
  for (const KeyPair& pair : impl_->base.pairs) out.push_back(*pair.info);
  return out;
}

std::vector<CertificateInfo> ClientContext::trusted() const { return impl_->base.verifier->describe_roots(); }

}  // namespace proa::net::tls
