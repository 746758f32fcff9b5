// Any bytes: no crash, and a verdict never changes once it is given (except for want of more bytes).
#include <cstdlib>

#include "net/tls_inspector.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace proa::net;
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  ClientHello whole;
  TlsInspection verdict = inspect_client_hello(bytes, whole);
  ClientHello part;
  TlsInspection half = inspect_client_hello(bytes.substr(0, size / 2), part);
  if (half == TlsInspection::kNotTls && verdict != TlsInspection::kNotTls) std::abort();
  if (half == TlsInspection::kTls && (verdict != TlsInspection::kTls || part.sni != whole.sni)) {
    if (verdict == TlsInspection::kNotTls || verdict == TlsInspection::kNeedMore) std::abort();
  }
  if (verdict == TlsInspection::kTls) (void)whole.ja3_text();
  return 0;
}
