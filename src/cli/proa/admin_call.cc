#include "cli/proa/admin_call.h"

#include <fmt/format.h>

#include <optional>

#include "mesh/agent/http_fetch.h"

namespace proa::cli {

namespace {

constexpr Milliseconds kTimeout{10'000};
constexpr size_t kMaxBody = size_t{1} << 30;

}  // namespace

Result<std::string> ask_admin(const std::string& at, std::string_view path) {
  auto address = at.starts_with('/') || at.starts_with('@') ? net::Address::unix_path(at) : net::Address::parse(at);
  if (!address) return fail(fmt::format("{}: {}", at, address.error().message));
  net::Loop loop;
  std::optional<mesh::Fetched> fetched;
  {
    mesh::HttpFetch fetch(loop);
    fetch.start({.to = *address, .path = path, .timeout = kTimeout, .max_body = kMaxBody},
                [&](mesh::Fetched done) { fetched = std::move(done); });
    while (!fetched) loop.run_once(Milliseconds(1000));
  }
  loop.run_once(Milliseconds(0));  // the connection closes
  if (fetched->status == 0) return fail(fmt::format("{}: {}", at, fetched->body));
  if (fetched->status != 200) return fail(fmt::format("{}{}: answers {}", at, path, fetched->status));
  return std::move(fetched->body);
}

}  // namespace proa::cli
