// HTTP Basic authentication (RFC 7617) against a list of users with SHA-1 password hashes.
#include "base/base64.h"
#include "filters/all.h"
#include "http/header_validity.h"
#include "net/tls/digest.h"

namespace proa::filters {
namespace {

using http::HeaderId;

enum class Stat { kAllowed, kDenied };
constexpr observe::StatDef kStats[] = {{"basic_auth.allowed"}, {"basic_auth.denied"}};

constexpr std::string_view kScheme = "Basic ";
constexpr size_t kMaxRealmPath = 256;

struct Refusal {
  std::string_view body;
  std::string_view details;
};
constexpr Refusal kMissing{"User authentication failed. Missing username and password.",
                           "no_credential_for_basic_auth"};
constexpr Refusal kOtherScheme{"User authentication failed. Expected 'Basic' authentication scheme.",
                               "invalid_scheme_for_basic_auth"};
constexpr Refusal kMalformed{"User authentication failed. Invalid basic credential format.",
                             "invalid_format_for_basic_auth"};
constexpr Refusal kWrong{"User authentication failed. Invalid username/password combination.",
                         "invalid_credential_for_basic_auth"};

/// A stranger takes as long as a user with a wrong password.
bool known(const BasicAuthUsers& users, std::string_view name, std::string_view password) {
  const auto user = users.find(name);
  const std::string digest = net::tls::sha1(password);
  return user != users.end() && net::tls::equal_in_constant_time(digest, user->second);
}

/// The address as the client sees it, which is what a browser shows to a user who is asked.
std::string_view realm_of(const http::RequestHead& request, Arena& arena) {
  const http::Header* original = request.headers.find(HeaderId::kXEnvoyOriginalPath);
  std::string_view path = original ? original->value : request.path;
  std::string_view scheme = request.headers.value(HeaderId::kXForwardedProto);
  return arena.concat(scheme, "://", request.authority, path.substr(0, kMaxRealmPath));
}

/// A quoted-string (RFC 9110 section 5.6.4).
std::string_view challenge(std::string_view realm, Arena& arena) {
  std::string text = "Basic realm=\"";
  for (char c : realm) {
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
  return arena.copy(text += '"');
}

class BasicAuth final : public Filter {
 public:
  BasicAuth(std::shared_ptr<const BasicAuthConfig> config, std::shared_ptr<observe::StatGroup> stats)
      : Filter({}), config_(std::move(config)), stats_(std::move(stats)) {}

  Verdict on_request(Exchange& x, bool) const override {
    const auto* own = static_cast<const BasicAuthConfig*>(x.per_filter(*this));
    const http::Header* field = x.request().headers.find(config_->header);
    if (!field) return refuse(x, own, kMissing);
    if (!field->value.starts_with(kScheme)) return refuse(x, own, kOtherScheme);
    const auto credentials = base64_decode(http::trim(field->value.substr(kScheme.size())));
    const size_t colon = credentials ? credentials->find(':') : std::string::npos;
    if (colon == std::string::npos) return refuse(x, own, kMalformed);
    const std::string_view name = std::string_view(*credentials).substr(0, colon);
    if (!known(own ? own->users : config_->users, name, std::string_view(*credentials).substr(colon + 1))) {
      return refuse(x, own, kWrong);
    }
    if (!config_->forward_username_header.empty()) {
      x.request().headers.set(config_->forward_username_header, x.arena().copy(name));
    }
    stats_->add(Stat::kAllowed);
    return Verdict::kContinue;
  }

 private:
  Verdict refuse(Exchange& x, const BasicAuthConfig* own, const Refusal& why) const {
    stats_->add(Stat::kDenied);
    std::string_view realm = own && !own->realm.empty() ? own->realm : config_->realm;
    if (realm.empty()) realm = realm_of(x.request(), x.arena());
    auto* headers = x.arena().make<http::HeaderList>(x.arena());
    headers->add("www-authenticate", challenge(realm, x.arena()));
    x.respond({.status = 401, .body = why.body, .details = why.details, .headers = headers});
    return Verdict::kDone;
  }

  std::shared_ptr<const BasicAuthConfig> config_;
  std::shared_ptr<observe::StatGroup> stats_;
};

}  // namespace

const observe::StatSchema kBasicAuthSchema{"http", kStats};

std::unique_ptr<Filter> make_basic_auth(std::shared_ptr<const BasicAuthConfig> config,
                                        std::shared_ptr<observe::StatGroup> stats) {
  return std::make_unique<BasicAuth>(std::move(config), std::move(stats));
}

}  // namespace proa::filters
