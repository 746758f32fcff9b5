#include "net/tls/base_context.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "net/fd.h"
#include "net/tls/transport.h"

namespace proa::net::tls {
namespace {

constexpr char kDefaultCiphers[] =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-RSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384";

// Not configurable, as in Envoy. The short key first: its hash and cipher are the quickest of what is safe, and the
// hash is most of what a resumed handshake costs.
constexpr char kTls13Ciphers[] = "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384";

int native(Version version) { return version == Version::kTls12 ? TLS1_2_VERSION : TLS1_3_VERSION; }

std::string join(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& part : parts) {
    if (!out.empty()) out += ':';
    out += part;
  }
  return out;
}

// OpenSSL skips names that it does not know, so each is tried alone.
Status set_ciphers(SSL_CTX* ssl, const std::vector<std::string>& ciphers) {
  if (ciphers.empty()) {
    SSL_CTX_set_cipher_list(ssl, kDefaultCiphers);
    return {};
  }
  std::string all;
  for (const std::string& entry : ciphers) {
    std::string name;
    for (char c : entry + "|") {
      if (c == '[' || c == ']') continue;
      if (c != '|' && c != ':') {
        name += c;
        continue;
      }
      if (name.empty()) continue;
      if (name.find_first_of("!+-@=, ") == 0 || SSL_CTX_set_cipher_list(ssl, name.c_str()) != 1) {
        ERR_clear_error();
        return fail("unknown cipher suite '" + name + "'");
      }
      all += (all.empty() ? "" : ":") + name;
      name.clear();
    }
  }
  if (SSL_CTX_set_cipher_list(ssl, all.c_str()) == 1) return {};
  return fail("no usable cipher suite in '" + all + "': " + take_errors());
}

Status set_parameters(SSL_CTX* ssl, const CommonOptions& options) {
  if (options.min_version > options.max_version) return fail("the minimum TLS version is above the maximum");
  SSL_CTX_set_min_proto_version(ssl, native(options.min_version));
  SSL_CTX_set_max_proto_version(ssl, native(options.max_version));
  SSL_CTX_set_ciphersuites(ssl, kTls13Ciphers);
  if (auto status = set_ciphers(ssl, options.ciphers); !status) return status;
  std::string curves = options.curves.empty() ? "X25519:P-256" : join(options.curves);
  if (SSL_CTX_set1_groups_list(ssl, curves.c_str()) != 1) {
    ERR_clear_error();
    return fail("unknown curve in '" + curves + "'");
  }
  std::string algorithms = join(options.signature_algorithms);
  if (!algorithms.empty() && SSL_CTX_set1_sigalgs_list(ssl, algorithms.c_str()) != 1) {
    ERR_clear_error();
    return fail("unknown signature algorithm in '" + algorithms + "'");
  }
  return {};
}

void set_modes(SSL_CTX* ssl) {
  // A client that puts ChaCha20 first has no AES in hardware.
  SSL_CTX_set_options(ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_PRIORITIZE_CHACHA);
  // An idle connection keeps no buffers. Our chain is sent as configured, not completed from the trusted roots.
  SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                            SSL_MODE_NO_AUTO_CHAIN);
  // One recv takes a whole record, and often several, instead of its header and then its body.
  SSL_CTX_set_read_ahead(ssl, 1);
}

// The key log of a context lives as long as the context: its descriptor hangs there as ex-data.
int key_log_index() {
  static const int index =
      SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr,
                               [](void*, void* fd, CRYPTO_EX_DATA*, int, long, void*) { delete static_cast<Fd*>(fd); });
  return index;
}

Status open_key_log(SSL_CTX* ssl, const std::string& path) {
  if (path.empty()) return {};
  Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (!fd) return fail("cannot open the key log '" + path + "': " + std::strerror(errno));
  SSL_CTX_set_ex_data(ssl, key_log_index(), new Fd(std::move(fd)));
  SSL_CTX_set_keylog_callback(ssl, [](const SSL* connection, const char* line) {
    auto* fd = static_cast<Fd*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(connection), key_log_index()));
    std::string text = std::string(line) + "\n";
    (void)!::write(fd->get(), text.data(), text.size());  // one write: lines of several threads do not mix
  });
  return {};
}

Status load_pairs(BaseContext& out, const CommonOptions& options) {
  for (const CertificateOptions& certificate : options.certificates) {
    auto pair = load_key_pair(certificate);
    if (!pair) {
      std::string name = certificate.path.empty() ? "" : " '" + certificate.path + "'";
      return fail("certificate" + name + ": " + pair.error().message);
    }
    out.pairs.push_back(std::move(*pair));
  }
  std::vector<int> kinds;
  for (const KeyPair& pair : out.pairs) {
    if (std::find(kinds.begin(), kinds.end(), pair.kind()) != kinds.end()) continue;
    kinds.push_back(pair.kind());
    if (SSL_CTX_use_cert_and_key(out.ssl.get(), pair.leaf.get(), pair.key.get(), pair.chain.get(), 1) != 1) {
      return fail("certificate refused: " + take_errors());
    }
  }
  return {};
}

}  // namespace

std::shared_ptr<const CertificateInfo> BaseContext::local_of(const SSL* connection) const {
  X509* used = SSL_get_certificate(connection);
  for (const KeyPair& pair : pairs) {
    if (pair.leaf.get() == used) return pair.info;
  }
  return CertificateInfo::none();
}

Result<std::string> alpn_wire(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) {
    if (name.empty() || name.size() > 255) return fail("ALPN protocol '" + name + "' must have 1 to 255 bytes");
    out += static_cast<char>(name.size());
    out += name;
  }
  if (out.size() > 65535) return fail("the list of ALPN protocols is too long");
  return out;
}

Result<BaseContext> make_base(const CommonOptions& options, const SSL_METHOD* method) {
  BaseContext out;
  out.ssl.reset(SSL_CTX_new(method));
  if (!out.ssl) return fail("cannot make a TLS context: " + take_errors());
  set_modes(out.ssl.get());
  if (auto status = set_parameters(out.ssl.get(), options); !status) return std::unexpected(status.error());
  if (auto status = open_key_log(out.ssl.get(), options.key_log_path); !status) {
    return std::unexpected(status.error());
  }
  if (auto status = load_pairs(out, options); !status) return std::unexpected(status.error());
  auto wire = alpn_wire(options.alpn);
  if (!wire) return std::unexpected(wire.error());
  out.alpn_wire = std::move(*wire);
  auto verifier = Verifier::make(options.validation);
  if (!verifier) return std::unexpected(verifier.error());
  out.verifier = std::move(*verifier);
  if (X509_STORE* store = out.verifier->store()) SSL_CTX_set1_verify_cert_store(out.ssl.get(), store);
  SSL_CTX_set_cert_verify_callback(out.ssl.get(), verify_callback, nullptr);
  return out;
}

int verify_callback(X509_STORE_CTX* context, void*) {
  auto* connection = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(context, SSL_get_ex_data_X509_STORE_CTX_idx()));
  return static_cast<TlsTransport*>(SSL_get_app_data(connection))->judge(context) ? 1 : 0;
}

}  // namespace proa::net::tls
