// The key of a certificate request. Private to this folder.
#pragma once

#include <string_view>

#include "base/result.h"
#include "net/tls/openssl.h"

namespace proa::net::tls {

/// The public key that a PEM request is for. Fails when it cannot be read, when whoever made it did not have the private
/// key, and when the key is too weak: RSA below 2048 or above 8192 bits, EC other than P-256, P-384 and P-521.
Result<KeyPtr> request_key(std::string_view request_pem);

}  // namespace proa::net::tls
