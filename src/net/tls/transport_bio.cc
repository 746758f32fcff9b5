#include "net/tls/transport_bio.h"

#include "net/tls/transport.h"

namespace proa::net::tls {

BIO_METHOD* TransportBio::method() {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* out = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "transport");
    BIO_meth_set_read(out, read);
    BIO_meth_set_write(out, write);
    BIO_meth_set_ctrl(out, control);
    return out;
  }();
  return method;
}

BIO* TransportBio::make(TlsTransport* owner) {
  BIO* bio = BIO_new(method());
  BIO_set_data(bio, owner);
  BIO_set_init(bio, 1);
  return bio;
}

int TransportBio::read(BIO* bio, char* to, int size) {
  auto& owner = *static_cast<TlsTransport*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  IoResult result = owner.inner_->read(to, static_cast<size_t>(size));
  owner.drained_ = result.drained;
  switch (result.state) {
    case IoResult::State::kOk: return static_cast<int>(result.bytes);
    case IoResult::State::kBlocked: BIO_set_retry_read(bio); return -1;
    case IoResult::State::kEof: owner.ended_ = true; return 0;
    case IoResult::State::kError: owner.io_error_ = result.error; return -1;
  }
  return -1;
}

int TransportBio::write(BIO* bio, const char* from, int size) {
  auto& owner = *static_cast<TlsTransport*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  IoResult result = owner.write_below(from, static_cast<size_t>(size));
  switch (result.state) {
    case IoResult::State::kOk: return static_cast<int>(result.bytes);
    case IoResult::State::kBlocked: BIO_set_retry_write(bio); return -1;
    default: owner.io_error_ = result.error; return -1;
  }
}

long TransportBio::control(BIO* bio, int command, long, void*) {
  if (command == BIO_CTRL_FLUSH) return 1;
  if (command == BIO_CTRL_EOF) return static_cast<TlsTransport*>(BIO_get_data(bio))->ended_;
  return 0;
}

}  // namespace proa::net::tls
