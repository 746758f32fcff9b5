// Owning pointers and error texts of OpenSSL. Private to this folder.
#pragma once

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace proa::net::tls {

template <auto Free>
struct Freer {
  template <class T>
  void operator()(T* p) const {
    Free(p);
  }
};
inline void free_names(GENERAL_NAMES* names) { sk_GENERAL_NAME_pop_free(names, GENERAL_NAME_free); }
inline void free_chain(STACK_OF(X509) * chain) { sk_X509_pop_free(chain, X509_free); }

using X509Ptr = std::unique_ptr<X509, Freer<X509_free>>;
using X509ChainPtr = std::unique_ptr<STACK_OF(X509), Freer<free_chain>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using BioPtr = std::unique_ptr<BIO, Freer<BIO_free>>;
using StorePtr = std::unique_ptr<X509_STORE, Freer<X509_STORE_free>>;
using StoreCtxPtr = std::unique_ptr<X509_STORE_CTX, Freer<X509_STORE_CTX_free>>;
using NamesPtr = std::unique_ptr<GENERAL_NAMES, Freer<free_names>>;
using SessionPtr = std::unique_ptr<SSL_SESSION, Freer<SSL_SESSION_free>>;
using SslPtr = std::unique_ptr<SSL, Freer<SSL_free>>;
using SslCtxPtr = std::unique_ptr<SSL_CTX, Freer<SSL_CTX_free>>;

/// A read-only view of `bytes`.
inline BioPtr read_bio(std::string_view bytes) {
  return BioPtr(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
}

/// Every certificate of a PEM text; empty, with the error queue set, when one is broken or none is there.
std::vector<X509Ptr> read_pem_certificates(std::string_view pem);

std::string sha256(std::string_view bytes);
std::string to_hex(std::string_view bytes);
std::string der_of(X509* certificate);

/// Empties the thread's error queue: "reason one; reason two".
std::string take_errors();
/// Empties the thread's error queue, in Envoy's form: "TLS_error:|CODE:SSL routines::REASON:TLS_error_end".
/// `detail` goes before the end mark.
std::string take_tls_error(std::string_view detail);

}  // namespace proa::net::tls
