// A set of keys from an issuer: keys that can be used, or a reason; and no key believes a signature that is not one.
#include <cstdint>
#include <cstdlib>

#include "filters/jwt.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace proa::filters;
  const auto keys = Jwks::parse({reinterpret_cast<const char*>(data), size});
  if (!keys) {
    if (keys.error().message.empty()) std::abort();
    return 0;
  }
  if (keys->keys.empty()) std::abort();
  for (const Jwks::Key& key : keys->keys) {
    for (const char* name : {"RS256", "PS512", "ES256", "ES384", "ES512", "EdDSA"}) {
      const auto algorithm = *proa::net::tls::signature_algorithm(name);
      for (size_t length : {size_t{0}, size_t{64}, size_t{256}}) {
        if (key.key.verify(algorithm, "text", std::string(length, '\0'))) std::abort();
      }
    }
  }
  return 0;
}
