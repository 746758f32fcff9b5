#include "mesh/agent/file_secrets.h"

#include <fmt/format.h>
#include <unistd.h>

#include "base/log.h"
#include "envoy/extensions/transport_sockets/tls/v3/secret.pb.h"
#include "net/private_file.h"
#include "net/tls/certificate.h"
#include "net/tls/client_context.h"
#include "net/tls/san.h"

namespace proa::mesh {

namespace {

using envoy::extensions::transport_sockets::tls::v3::Secret;

constexpr std::string_view kPair = "file-cert:", kRoots = "file-root:";
/// Of Debian and Alpine, Fedora, SUSE: what Go looks for.
constexpr const char* kSystemRoots[] = {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
                                        "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"};

std::vector<std::string> files_of(std::string_view name) {
  if (name.starts_with(kRoots)) {
    name.remove_prefix(kRoots.size());
    if (name != "system") return {std::string(name)};
    for (const char* file : kSystemRoots) {
      if (::access(file, R_OK) == 0) return {file};
    }
    return {kSystemRoots[0]};
  }
  name.remove_prefix(kPair.size());
  const size_t between = name.find('~');
  if (between == std::string_view::npos) return {};
  return {std::string(name.substr(0, between)), std::string(name.substr(between + 1))};
}

Result<std::string> text_of(const std::string& file) {
  auto text = net::read_file(file);
  if (!text) return std::unexpected(text.error());
  if (!*text) return fail(fmt::format("there is no {}", net::tls::printable(file)));
  return std::move(**text);
}

}  // namespace

Result<std::shared_ptr<const Resource>> read_file_secret(const std::string& name) {
  const std::vector<std::string> files = files_of(name);
  if (files.empty()) return fail(fmt::format("{} is not file-cert:CERT~KEY", net::tls::printable(name)));
  std::vector<std::string> texts;
  for (const std::string& file : files) {
    auto text = text_of(file);
    if (!text) return std::unexpected(text.error());
    texts.push_back(std::move(*text));
  }
  Secret secret;
  secret.set_name(name);
  if (texts.size() == 1) {
    if (!net::tls::describe_pem(texts[0]))
      return fail(fmt::format("{} has no certificates", net::tls::printable(files[0])));
    secret.mutable_validation_context()->mutable_trusted_ca()->set_inline_bytes(std::move(texts[0]));
  } else {
    net::tls::ClientTlsOptions check;
    net::tls::CertificateOptions pair;
    pair.chain_pem = texts[0];
    pair.key_pem = texts[1];
    check.certificates.push_back(std::move(pair));
    if (auto fits = net::tls::ClientContext::make(check); !fits) return std::unexpected(fits.error());
    secret.mutable_tls_certificate()->mutable_certificate_chain()->set_inline_bytes(std::move(texts[0]));
    secret.mutable_tls_certificate()->mutable_private_key()->set_inline_bytes(std::move(texts[1]));
  }
  return make_resource(name, secret.SerializeAsString());
}

FileSecrets::FileSecrets(net::Loop& loop, std::function<void()> changed) : loop_(loop), changed_(std::move(changed)) {}

bool FileSecrets::ask(const std::string& name) {
  if (asked_.size() >= kMost || !asked_.try_emplace(name).second) return false;
  watch(name);
  return read(name);
}

bool FileSecrets::read(const std::string& name) {
  auto secret = read_file_secret(name);
  if (!secret) {
    log::get("identity").warn("a secret that the proxy asks for: {}", secret.error().message);
    return false;
  }
  std::shared_ptr<const Resource>& known = read_[name];
  if (known && known->hash == (*secret)->hash) return false;
  known = std::move(*secret);
  return true;
}

void FileSecrets::watch(const std::string& name) {
  if (!watcher_) {
    auto made = net::FileWatcher::make(loop_);
    if (!made) return log::get("identity").error("files are not watched: {}", made.error().message);
    watcher_ = std::move(*made);
  }
  for (const std::string& file : files_of(name)) {
    auto watched = watcher_->watch_file(file, [this, name] {
      if (read(name)) changed_();
    });
    if (watched) asked_[name].push_back(std::move(*watched));
  }
}

}  // namespace proa::mesh
