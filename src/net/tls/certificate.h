// Facts of certificates, for people, headers and access logs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/transport.h"

struct x509_st;

namespace proa::net::tls {

/// Everything but `issuers_der`. Bytes that are not printable are written as \xNN, so that no name can break a header or
/// a log line.
CertificateInfo describe(x509_st* certificate);
/// Every certificate of a PEM text, in its order. `path` is copied into each.
Result<std::vector<CertificateInfo>> describe_pem(std::string_view pem, std::string_view path = {});

/// MD5 in hex, of ClientHello::ja3_text().
std::string ja3_hash(std::string_view text);

}  // namespace proa::net::tls
