#include "net/tls/transport.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "net/tls/certificate.h"
#include "net/tls/client_impl.h"
#include "net/tls/san.h"
#include "net/tls/transport_bio.h"

namespace proa::net::tls {
namespace {

constexpr size_t kMaxRecord = 16 * 1024;
constexpr size_t kMaxHeld = 16 * 1024;  // of an answer that waits for close_notify

// Small pieces are gathered here, so that headers and body become one record.
thread_local std::array<char, kMaxRecord> record;

// Walks over the bytes of several pieces.
class PieceReader {
 public:
  explicit PieceReader(std::span<const iovec> pieces) : pieces_(pieces) {
    for (const iovec& piece : pieces) left_ += piece.iov_len;
  }
  size_t left() const { return left_; }
  /// The next `size` bytes in one run, which may be `record`; size <= left(), and at most a record.
  const char* next(size_t size) {
    skip(0);
    if (pieces_[0].iov_len - offset_ >= size) return static_cast<const char*>(pieces_[0].iov_base) + offset_;
    size_t have = 0;
    for (size_t i = 0, from = offset_; have < size; ++i, from = 0) {
      size_t n = std::min(size - have, pieces_[i].iov_len - from);
      std::memcpy(record.data() + have, static_cast<const char*>(pieces_[i].iov_base) + from, n);
      have += n;
    }
    return record.data();
  }
  void skip(size_t size) {
    left_ -= size;
    offset_ += size;
    while (!pieces_.empty() && offset_ >= pieces_[0].iov_len) {
      offset_ -= pieces_[0].iov_len;
      pieces_ = pieces_.subspan(1);
    }
  }

 private:
  std::span<const iovec> pieces_;
  size_t offset_ = 0;  // in the first piece
  size_t left_ = 0;
};

}  // namespace

struct TlsTransport::Handshake {
  std::vector<SanMatcher> sans;
  std::string reason;  // why we refuse the peer
  std::optional<Counter> counter;
};

TlsTransport::TlsTransport(std::unique_ptr<Transport> inner, const BaseContext& base)
    : Transport(inner->shared_info()),
      inner_(std::move(inner)),
      base_(base),
      ssl_(SSL_new(base.ssl.get())),
      handshake_(std::make_unique<Handshake>()) {
  inner_->observe(this);
  SSL_set_app_data(ssl_, this);
  BIO* bio = TransportBio::make(this);
  SSL_set_bio(ssl_, bio, bio);
  loop().end_of_turn(*this);  // bytes may wait already, and their edge is gone
}

TlsTransport::TlsTransport(std::unique_ptr<Transport> inner, std::shared_ptr<const ServerContext> context)
    : TlsTransport(std::move(inner), context->base()) {
  server_ = std::move(context);
  SSL_set_accept_state(ssl_);
}

TlsTransport::TlsTransport(std::unique_ptr<Transport> inner, std::shared_ptr<const ClientContext> context,
                           const ConnectOverrides& overrides)
    : TlsTransport(std::move(inner), context->base()) {
  client_ = std::move(context);
  SSL_set_connect_state(ssl_);
  start_client(overrides);
}

TlsTransport::~TlsTransport() {
  close();
  SSL_free(ssl_);
}

void TlsTransport::start_client(const ConnectOverrides& overrides) {
  const ClientContext::Impl& context = *client_->impl_;
  info_->sni = overrides.sni.value_or(context.sni);
  info_->alpn = overrides.alpn.value_or(context.alpn);
  handshake_->sans = overrides.sans;
  // An address is not a server name (RFC 6066 section 3).
  if (!info_->sni.empty() && !Address::parse_ip(info_->sni, 0)) SSL_set_tlsext_host_name(ssl_, info_->sni.c_str());
  std::string wire = overrides.alpn ? alpn_wire(*overrides.alpn).value_or("") : base_.alpn_wire;
  if (!wire.empty()) {
    SSL_set_alpn_protos(ssl_, reinterpret_cast<const unsigned char*>(wire.data()),
                        static_cast<unsigned int>(wire.size()));
  }
  // A session is as good as the checks it was made under: they are part of its key.
  session_key_ = overrides.session_key + '\n' + info_->sni + '\n' + wire;
  for (const SanMatcher& san : overrides.sans) {
    session_key_ += '\n' + std::to_string(static_cast<int>(san.type)) + std::to_string(static_cast<int>(san.match)) +
                    (san.ignore_case ? "i" : "") + san.oid + ' ' + san.value;
  }
  SessionPtr session = context.sessions.take(session_key_);
  if (!session) return;
  X509* peer = SSL_SESSION_get0_peer(session.get());
  if (peer && (base_.verifier->idle() || base_.verifier->may_resume(peer))) SSL_set_session(ssl_, session.get());
}

// ---- handshake ----

void TlsTransport::on_connected() { step(); }

void TlsTransport::on_connect_failed(std::string reason) {
  counters_.add(Counter::kConnectionError);
  handshake_.reset();
  failure_ = reason;
  if (observer_) observer_->on_connect_failed(std::move(reason));
}

void TlsTransport::step() {
  if (!handshake_ || !open()) return;
  ERR_clear_error();
  hold_limit_ = SIZE_MAX;
  int result = SSL_do_handshake(ssl_);
  hold_limit_ = 0;
  // After a TLS 1.3 client's Finished a server has sent nothing but tickets: they go out with its first bytes, which
  // saves a packet for each connection.
  bool only_tickets = result == 1 && server_ && SSL_version(ssl_) == TLS1_3_VERSION;
  if (!only_tickets) flush_held();
  if (result == 1) return finished();
  int error = SSL_get_error(ssl_, result);
  if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return;
  failed();
}

void TlsTransport::describe_peer(TlsInfo& info) const {
  X509* peer = SSL_get0_peer_certificate(ssl_);
  if (!peer) return;
  info.presented = true;
  info.validated = !base_.verifier->idle() && SSL_get_verify_result(ssl_) == X509_V_OK;
  auto described = std::make_shared<CertificateInfo>(describe(peer));
  STACK_OF(X509)* chain = SSL_get_peer_cert_chain(ssl_);
  for (int i = 0; i < sk_X509_num(chain); ++i) {
    X509* issuer = sk_X509_value(chain, i);
    if (X509_cmp(issuer, peer) != 0) described->issuers_der.push_back(der_of(issuer));
  }
  info.peer = std::move(described);
}

void TlsTransport::finished() {
  handshake_.reset();
  auto info = std::make_shared<TlsInfo>();
  const SSL_CIPHER* cipher = SSL_get_current_cipher(ssl_);
  info->version = SSL_get_version(ssl_);
  info->cipher = SSL_CIPHER_get_name(cipher);
  info->cipher_id = SSL_CIPHER_get_protocol_id(cipher);
  info->sni = info_->sni;
  const unsigned char* alpn = nullptr;
  unsigned int alpn_size = 0;
  SSL_get0_alpn_selected(ssl_, &alpn, &alpn_size);
  info->alpn.assign(reinterpret_cast<const char*>(alpn), alpn_size);
  unsigned int id_size = 0;
  const unsigned char* id = SSL_SESSION_get_id(SSL_get_session(ssl_), &id_size);
  info->session_id = to_hex({reinterpret_cast<const char*>(id), id_size});
  info->resumed = SSL_session_reused(ssl_) == 1;
  describe_peer(*info);
  info->local = base_.local_of(ssl_);
  counters_.add(Counter::kHandshake);
  if (info->resumed) counters_.add(Counter::kSessionReused);
  if (!info->presented) counters_.add(Counter::kNoCertificate);
  info_->transport_protocol = "tls";
  info_->tls = std::move(info);
  if (observer_) observer_->on_connected();
  if (open() && observer_) observer_->on_readable();
}

void TlsTransport::failed() {
  std::string detail = std::move(handshake_->reason);
  Counter counter = handshake_->counter.value_or(Counter::kConnectionError);
  handshake_.reset();
  if (ERR_GET_REASON(ERR_peek_error()) == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE) counter = Counter::kFailVerifyNoCert;
  counters_.add(counter);
  if (io_error_) {
    failure_ = std::string("connection lost in the TLS handshake: ") + std::strerror(io_error_);
  } else if (ended_) {
    failure_ = "connection closed in the TLS handshake";
  } else {
    failure_ = take_tls_error(detail);
  }
  ERR_clear_error();
  // The alert is out. Unread bytes would turn the close into a reset that may overtake it.
  char scrap[1024];
  for (int i = 0; i < 64; ++i) {
    IoResult result = inner_->read(scrap, sizeof scrap);
    if (!result.ok() || result.drained) break;
  }
  inner_->close();
  if (observer_) observer_->on_connect_failed(failure_);
}

bool TlsTransport::judge(x509_store_ctx_st* chain) {
  std::span<const SanMatcher> sans;
  if (handshake_) sans = handshake_->sans;
  Verdict verdict = base_.verifier->verify(chain, sans);
  if (verdict.accepted) {
    // Kept in the session, and so known when it is resumed. An error here does not end the handshake.
    bool plain = verdict.validated || base_.verifier->idle();
    X509_STORE_CTX_set_error(chain, plain ? X509_V_OK : X509_V_ERR_UNSPECIFIED);
    if (verdict.untrusted) counters_.add(verdict.counter);
    return true;
  }
  X509_STORE_CTX_set_error(chain, verdict.error);
  if (handshake_) {
    handshake_->reason = std::move(verdict.reason);
    handshake_->counter = verdict.counter;
  }
  return false;
}

void TlsTransport::explain(std::string reason) {
  if (handshake_) handshake_->reason = std::move(reason);
}

void TlsTransport::keep_session(ssl_session_st* session) {
  SessionPtr owned(session);
  if (client_) client_->impl_->sessions.put(session_key_, std::move(owned));
}

// ---- bytes ----

void TlsTransport::on_readable() {
  // What we know is older than this edge, and OpenSSL may hold so many records that the next reads do not look below.
  drained_ = false;
  if (handshake_) return step();
  if (observer_) observer_->on_readable();
}

void TlsTransport::on_writable() {
  flush_held();
  if (handshake_) return step();
  if (closing_) end_below();
  if (!open() || !observer_) return;
  if (std::exchange(read_blocked_, false)) observer_->on_readable();
  if (!open() || !observer_) return;
  if (std::exchange(want_write_, false)) observer_->on_writable();
}

void TlsTransport::on_hangup() {
  if (handshake_) {
    step();
    if (handshake_ && open()) {
      ended_ = true;
      failed();
    }
    return;
  }
  if (observer_) observer_->on_hangup();
}

IoResult TlsTransport::io_failure(int ssl_error) {
  switch (ssl_error) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE: return {.state = IoResult::State::kBlocked};
    case SSL_ERROR_ZERO_RETURN: return {.state = IoResult::State::kEof};
    default: break;
  }
  if (ended_ && !io_error_) {
    failure_ = "connection closed without close_notify";
  } else if (io_error_) {
    failure_ = std::strerror(io_error_);
  } else {
    failure_ = take_tls_error({});
  }
  ERR_clear_error();
  return {.state = IoResult::State::kError, .error = io_error_ ? io_error_ : ECONNRESET};
}

IoResult TlsTransport::read(char* to, size_t size) {
  if (!open()) return {.state = IoResult::State::kError, .error = EBADF};
  if (handshake_) return {.state = IoResult::State::kBlocked};
  ERR_clear_error();
  size_t bytes = 0;
  int result = SSL_read_ex(ssl_, to, size, &bytes);
  if (result == 1) {
    // A short read ends with its record, not with what has come: more may wait in OpenSSL or in the socket.
    bool drained = drained_ && SSL_has_pending(ssl_) == 0;
    return {.bytes = bytes, .drained = drained};
  }
  int error = SSL_get_error(ssl_, result);
  read_blocked_ = error == SSL_ERROR_WANT_WRITE;
  return io_failure(error);
}

IoResult TlsTransport::writev(std::span<const iovec> pieces) {
  if (!open()) return {.state = IoResult::State::kError, .error = EBADF};
  if (handshake_) {
    want_write_ = true;
    return {.state = IoResult::State::kBlocked};
  }
  PieceReader reader(pieces);
  if (reader.left() == 0) {
    flush_held();
    if (closing_) end_below();
    want_write_ = !held_.empty();
    return {.state = want_write_ ? IoResult::State::kBlocked : IoResult::State::kOk};
  }
  size_t written = 0;
  while (reader.left() > 0) {
    size_t want = blocked_ ? blocked_ : std::min(reader.left(), kMaxRecord);
    if (want > reader.left()) return {.state = IoResult::State::kError, .error = EINVAL};
    // A blocked write is repeated with the same bytes: they may have become a record, or have waited behind a message of
    // the handshake's (KeyUpdate). `record` has been used by other connections since.
    const char* from = reader.next(want);
    ERR_clear_error();
    size_t bytes = 0;
    int result = SSL_write_ex(ssl_, from, want, &bytes);
    if (result != 1) {
      IoResult failure = io_failure(SSL_get_error(ssl_, result));
      want_write_ = failure.state == IoResult::State::kBlocked;
      if (want_write_) blocked_ = want;
      return written && want_write_ ? IoResult{.bytes = written} : failure;
    }
    blocked_ = 0;
    written += bytes;
    reader.skip(bytes);
  }
  return {.bytes = written};
}

// What was held goes first, so that records keep their order.
IoResult TlsTransport::write_below(const char* from, size_t size) {
  if (held_.size() < hold_limit_) {
    held_.append(from, size);
    return {.bytes = size};
  }
  const std::array<iovec, 2> pieces{{{held_.data(), held_.size()}, {const_cast<char*>(from), size}}};
  IoResult result = inner_->writev(held_.empty() ? std::span(pieces).last(1) : std::span(pieces));
  if (!result.ok() || held_.empty()) return result;
  size_t of_held = std::min(result.bytes, held_.size());
  held_.erase(0, of_held);
  if (held_.empty()) held_.shrink_to_fit();
  if (result.bytes == of_held) return {.state = IoResult::State::kBlocked};
  return {.bytes = result.bytes - of_held};
}

void TlsTransport::flush_held() {
  if (held_.empty() || !open()) return;
  iovec piece{held_.data(), held_.size()};
  IoResult result = inner_->writev(std::span(&piece, 1));
  if (result.state == IoResult::State::kBlocked) return;
  if (!result.ok()) io_error_ = result.error;
  held_.erase(0, result.ok() ? result.bytes : std::string::npos);
  if (held_.empty()) held_.shrink_to_fit();
}

void TlsTransport::end_follows() {
  if (!handshake_) hold_limit_ = kMaxHeld;
}

void TlsTransport::say_close_notify() {
  hold_limit_ = SIZE_MAX;
  ERR_clear_error();
  SSL_shutdown(ssl_);
  ERR_clear_error();
  hold_limit_ = 0;
}

void TlsTransport::end_below() {
  closing_ = !held_.empty();
  if (!closing_ && open()) inner_->shutdown_write();
}

void TlsTransport::shutdown_write() {
  if (!open() || handshake_ || SSL_get_shutdown(ssl_) & SSL_SENT_SHUTDOWN) return;
  say_close_notify();
  inner_->end_follows();
  flush_held();
  end_below();
}

void TlsTransport::close(bool reset) {
  if (!open()) return;
  if (!handshake_ && !reset && !(SSL_get_shutdown(ssl_) & SSL_SENT_SHUTDOWN)) say_close_notify();
  if (!reset) flush_held();
  inner_->close(reset);
}

std::unique_ptr<TlsTransport> accept(std::unique_ptr<Transport> inner, std::shared_ptr<const ServerContext> context) {
  return std::make_unique<TlsTransport>(std::move(inner), std::move(context));
}

std::unique_ptr<TlsTransport> connect(std::unique_ptr<Transport> inner, std::shared_ptr<const ClientContext> context,
                                      const ConnectOverrides& overrides) {
  return std::make_unique<TlsTransport>(std::move(inner), std::move(context), overrides);
}

}  // namespace proa::net::tls
