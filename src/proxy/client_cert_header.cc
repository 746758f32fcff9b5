#include "proxy/client_cert_header.h"

#include <string>

namespace proa::proxy {
namespace {

using http::HeaderId;

/// Key=Value pairs of the peer's certificate, as Envoy orders and quotes them.
std::string describe(const ClientCertDetails& wanted, const net::TlsInfo& tls) {
  std::string out;
  auto field = [&out](std::string_view key, std::string_view value) {
    if (!out.empty()) out += ';';
    out.append(key).append(value);
  };
  for (const std::string& uri : tls.local->uri_sans) field("By=", uri);
  if (!tls.peer->sha256.empty()) field("Hash=", tls.peer->sha256);
  if (wanted.cert && !tls.peer->url_encoded_pem().empty()) {
    field("Cert=\"", tls.peer->url_encoded_pem());
    out += '"';
  }
  if (wanted.chain && !tls.peer->url_encoded_chain().empty()) {
    field("Chain=\"", tls.peer->url_encoded_chain());
    out += '"';
  }
  if (wanted.subject) {
    field("Subject=\"", tls.peer->subject);
    out += '"';
  }
  if (wanted.uri) {
    if (tls.peer->uri_sans.empty()) field("URI=", "");
    for (const std::string& uri : tls.peer->uri_sans) field("URI=", uri);
  }
  if (wanted.dns) {
    for (const std::string& dns : tls.peer->dns_sans) field("DNS=", dns);
  }
  return out;
}

}  // namespace

void update_client_cert_header(const ConnectionManager& manager, const net::TlsInfo* tls, http::HeaderList& headers) {
  const ForwardClientCert mode = manager.forward_client_cert;
  if (mode == ForwardClientCert::kAlwaysForwardOnly) return;
  const bool mutual = tls && tls->presented;
  if (mode == ForwardClientCert::kSanitize || !mutual) {
    headers.remove(HeaderId::kXForwardedClientCert);
    return;
  }
  if (mode == ForwardClientCert::kForwardOnly) return;
  Arena& arena = headers.arena();
  std::string details = describe(manager.client_cert_details, *tls);
  std::string_view before = headers.joined(http::header_name(HeaderId::kXForwardedClientCert));
  if (mode == ForwardClientCert::kAppendForward && !before.empty()) {
    headers.set(HeaderId::kXForwardedClientCert, arena.concat(before, ",", details));
  } else {
    headers.set(HeaderId::kXForwardedClientCert, arena.copy(details));
  }
}

}  // namespace proa::proxy
