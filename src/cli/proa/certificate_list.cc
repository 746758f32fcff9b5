#include "cli/proa/certificate_list.h"

#include <fmt/format.h>
#include <google/protobuf/timestamp.pb.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "config/well_known.h"
#include "mesh/agent/http_fetch.h"
#include "net/loop.h"
#include "net/private_file.h"
#include "net/tls/certificate.h"

namespace proa::cli {

namespace {

using Json = nlohmann::json;

std::string name_of(const net::CertificateInfo& certificate) {
  for (const auto* names : {&certificate.uri_sans, &certificate.dns_sans}) {
    if (!names->empty()) return names->front();
  }
  return certificate.subject;
}

std::string text_of(const Json& object, const char* field) {
  const auto found = object.find(field);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

WallTime time_of(const Json& object, const char* field) {
  google::protobuf::Timestamp time;
  if (!config::read_timestamp(text_of(object, field), time)) return {};
  return WallTime(std::chrono::seconds(time.seconds()));
}

/// A URI before a DNS name; of a root that has none its file.
std::string name_of(const Json& certificate) {
  for (const char* kind : {"uri", "dns", "ip_address"}) {
    for (const Json& name : certificate.value("subject_alt_names", Json::array())) {
      if (const std::string text = text_of(name, kind); !text.empty()) return text;
    }
  }
  return text_of(certificate, "path");
}

Result<std::string> fetch_page(const std::string& admin, std::string_view path) {
  auto address =
      admin.starts_with('/') || admin.starts_with('@') ? net::Address::unix_path(admin) : net::Address::parse(admin);
  if (!address) return fail(fmt::format("{}: {}", admin, address.error().message));
  net::Loop loop;
  mesh::Fetched got;
  bool done = false;
  {
    mesh::HttpFetch fetch(loop);
    fetch.start({.to = *address, .path = path, .timeout = Milliseconds(10'000)}, [&](mesh::Fetched fetched) {
      got = std::move(fetched);
      done = true;
    });
    while (!done) loop.run_once(Milliseconds(1000));
  }
  loop.run_once(Milliseconds(0));  // the connection closes
  if (got.status == 200) return std::move(got.body);
  return fail(got.status == 0 ? fmt::format("{}: {}", admin, got.body)
                              : fmt::format("{}: {} answers {}", admin, path, got.status));
}

}  // namespace

Result<std::vector<ListedCertificate>> certificates_of_authority(const std::string& directory) {
  std::vector<ListedCertificate> out;
  std::set<std::string> seen;
  for (const auto& [file, role] : {std::pair("ca-cert.pem", "signs"),
                                   {"next-cert.pem", "next"},
                                   {"cert-chain.pem", "chain"},
                                   {"root-cert.pem", "trusted"}}) {
    const std::string path = fmt::format("{}/{}", directory, file);
    auto text = net::read_file(path);
    if (!text) return std::unexpected(text.error());
    if (!*text) continue;
    auto described = net::tls::describe_pem(**text);
    if (!described) return fail(fmt::format("{}: {}", path, described.error().message));
    for (const net::CertificateInfo& each : *described) {
      if (!seen.insert(each.sha256).second) continue;  // a root that signs is trusted too
      out.push_back({directory, role, name_of(each), each.serial, each.valid_from, each.valid_until});
    }
  }
  if (out.empty()) return fail(fmt::format("{}: no certificate of an authority is there", directory));
  return out;
}

Result<std::vector<ListedCertificate>> certificates_of_proxy(const std::string& admin) {
  auto page = fetch_page(admin, "/certs");
  if (!page) return std::unexpected(page.error());
  const Json json = Json::parse(*page, nullptr, false);
  if (!json.is_object() || !json.contains("certificates")) return fail(admin + ": /certs is no list of certificates");
  std::vector<ListedCertificate> out;
  std::set<std::pair<std::string, std::string>> seen;  // many clusters and chains have the same
  for (const auto& [list, role] : {std::pair("cert_chain", "own"), {"ca_cert", "trusted"}}) {
    for (const Json& context : json["certificates"]) {
      if (!context.is_object()) continue;
      for (const Json& each : context.value(list, Json::array())) {
        const std::string serial = text_of(each, "serial_number");
        if (!each.is_object() || !seen.emplace(role, serial).second) continue;
        out.push_back(
            {admin, role, name_of(each), serial, time_of(each, "valid_from"), time_of(each, "expiration_time")});
      }
    }
  }
  return out;
}

}  // namespace proa::cli
