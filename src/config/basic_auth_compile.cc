#include "config/basic_auth_compile.h"

#include <fmt/format.h>

#include "base/base64.h"
#include "config/supported.h"
#include "config/values.h"
#include "http/string_matcher.h"

namespace proa::config {

namespace auth = envoy::extensions::filters::http::basic_auth::v3;

namespace {

constexpr std::string_view kHash = "{SHA}";
constexpr size_t kHashSize = 20;

/// "name:{SHA}base64"; the message does not show the hash.
void read_user(std::string_view line, size_t number, filters::BasicAuthUsers& to, const Site& at) {
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) {
    at.error(fmt::format("line {} is not NAME:{{SHA}}HASH", number), "write the file with htpasswd -s");
    return;
  }
  const std::string_view name = line.substr(0, colon);
  std::string_view hash = line.substr(colon + 1);
  if (!hash.starts_with(kHash)) {
    at.error(fmt::format("line {}: the hash of \"{}\" is not {{SHA}}, the only one that is supported", number, name),
             "write the file with htpasswd -s");
    return;
  }
  auto digest = base64_decode(hash.substr(kHash.size()));
  if (!digest || digest->size() != kHashSize) {
    at.error(fmt::format("line {}: the hash of \"{}\" is not the base64 of a SHA-1", number, name));
    return;
  }
  if (!to.emplace(name, std::move(*digest)).second)
    at.error(fmt::format("line {}: \"{}\" is there twice", number, name));
}

filters::BasicAuthUsers read_users(const envoy::config::core::v3::DataSource& from, const Site& at) {
  filters::BasicAuthUsers users;
  const std::optional<std::string> text = data(from, at);
  std::string_view rest = text ? std::string_view(*text) : std::string_view();
  for (size_t number = 1; !rest.empty(); ++number) {
    const size_t end = rest.find('\n');
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty() && line.front() != '#') read_user(line, number, users, at);
  }
  return users;
}

}  // namespace

std::shared_ptr<filters::BasicAuthConfig> compile_basic_auth(const auth::BasicAuth& from, const Site& at) {
  auto to = std::make_shared<filters::BasicAuthConfig>();
  to->users = read_users(from.users(), at / "users");
  to->realm = from.realm();
  to->forward_username_header = http::to_lower(from.forward_username_header());
  if (!from.authentication_header().empty()) to->header = http::to_lower(from.authentication_header());
  return to;
}

std::shared_ptr<filters::BasicAuthConfig> compile_basic_auth(const auth::BasicAuthPerRoute& from, const Site& at) {
  auto to = std::make_shared<filters::BasicAuthConfig>();
  to->users = read_users(from.users(), at / "users");
  to->realm = from.realm();
  return to;
}

void add_basic_auth_fields(SupportedTable& table) {
  table.add(supported<auth::BasicAuth>({"users", "realm", "forward_username_header", "authentication_header"})
                .security({"allow_missing", "emit_dynamic_metadata"}));
  table.add(supported<auth::BasicAuthPerRoute>({"users", "realm"}));
}

}  // namespace proa::config
