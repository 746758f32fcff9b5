// The certificates in use: envoy.admin.v3.Certificates.
#include "admin/certificates.h"
#include "admin/json_response.h"
#include "admin/pages.h"
#include "observe/time_format.h"

namespace proa::admin {
namespace {

std::string time_text(WallTime time) {
  static const observe::TimeFormat format = *observe::TimeFormat::compile("%Y-%m-%dT%H:%M:%SZ", /*local=*/false);
  std::string out;
  format.append(time, out);
  return out;
}

Json certificate_json(const net::CertificateInfo& certificate, WallTime now) {
  Json names = Json::array();
  auto add = [&](const char* kind, const std::vector<std::string>& values) {
    for (const std::string& value : values) names.push_back({{kind, value}});
  };
  add("uri", certificate.uri_sans);
  add("dns", certificate.dns_sans);
  add("ip_address", certificate.ip_sans);
  return {{"path", certificate.path.empty() ? "<inline>" : certificate.path},
          {"serial_number", certificate.serial},
          {"subject_alt_names", std::move(names)},
          {"days_until_expiration", std::to_string(days_until_expiration(certificate, now))},
          {"valid_from", time_text(certificate.valid_from)},
          {"expiration_time", time_text(certificate.valid_until)}};
}

Json list_json(const std::vector<net::CertificateInfo>& certificates, WallTime now) {
  Json list = Json::array();
  for (const net::CertificateInfo& certificate : certificates) list.push_back(certificate_json(certificate, now));
  return list;
}

}  // namespace

Response certs_page(Admin& admin, const Request&) {
  const WallTime now = admin.server().main_loop().wall_now();
  Json contexts = Json::array();
  for (const ContextCertificates& context : certificates_in_use(admin.server())) {
    contexts.push_back({{"ca_cert", list_json(context.trusted, now)}, {"cert_chain", list_json(context.own, now)}});
  }
  return json_response({{"certificates", std::move(contexts)}});
}

}  // namespace proa::admin
