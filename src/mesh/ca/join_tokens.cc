#include "mesh/ca/join_tokens.h"

#include <fmt/format.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/number.h"
#include "net/private_file.h"
#include "net/tls/digest.h"

namespace proa::mesh {

namespace {

constexpr size_t kTokenBytes = 32;

int64_t seconds_of(WallTime time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

}  // namespace

std::string JoinTokens::path_of(std::string_view token) const { return directory_ + "/" + net::tls::sha256_hex(token); }

Result<std::string> JoinTokens::create(const SpiffeId& id, std::chrono::seconds ttl, WallTime now) {
  if (Status made = net::make_private_folder(directory_); !made) return std::unexpected(made.error());
  unsigned char random[kTokenBytes];
  if (::getrandom(random, sizeof random, 0) != static_cast<ssize_t>(sizeof random)) return fail("no random bytes");
  std::string token;
  for (unsigned char byte : random) token += fmt::format("{:02x}", byte);
  const std::string text = fmt::format("{}\n{}\n", id.text(), seconds_of(now + ttl));
  if (Status wrote = net::write_file(path_of(token), text, 0600); !wrote) return std::unexpected(wrote.error());
  return token;
}

Result<SpiffeId> JoinTokens::redeem(std::string_view token, WallTime now) {
  const std::string path = path_of(token);
  auto read = net::read_file(path);
  if (!read) return std::unexpected(read.error());
  // Two that come at the same time: only one of them removes the file.
  if (!*read || ::unlink(path.c_str()) != 0) return fail("the token is not known, or was used before");
  const std::string_view text = **read;
  const size_t line = text.find('\n');
  if (line == std::string_view::npos || !text.ends_with('\n')) return fail("the token's file is damaged");
  auto until = parse_decimal<uint64_t>(text.substr(line + 1, text.size() - line - 2));
  if (!until) return fail("the token's file is damaged");
  if (seconds_of(now) >= static_cast<int64_t>(*until)) return fail("the token has expired");
  return parse_spiffe_id(text.substr(0, line));
}

}  // namespace proa::mesh
