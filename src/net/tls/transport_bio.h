// OpenSSL's view of a Transport. Private to this folder.
#pragma once

#include "net/tls/openssl.h"

namespace proa::net::tls {

class TlsTransport;

/// Reads and writes the transport below `owner`.
struct TransportBio {
  static BIO* make(TlsTransport* owner);

 private:
  static int read(BIO* bio, char* to, int size);
  static int write(BIO* bio, const char* from, int size);
  static long control(BIO* bio, int command, long, void*);
  static BIO_METHOD* method();
};

}  // namespace proa::net::tls
