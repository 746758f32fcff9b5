#include "route/hash_policy.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/number.h"
#include "http/cookie.h"
#include "http/header_matcher.h"
#include "http/query.h"
#include "net/transport.h"
#include "observe/format_step.h"
#include "observe/metadata.h"

namespace proa::route {
namespace {

uint64_t hash_of(std::string_view text, uint64_t seed = 0) { return XXH64(text.data(), text.size(), seed); }

struct Evaluate {
  const http::RequestHead& request;
  const observe::StreamInfo& info;
  Arena& arena;
  NewCookie* new_cookie;

  std::optional<uint64_t> operator()(const HashHeader& what) const {
    std::vector<std::string_view> values;
    if (what.name.starts_with(':') || what.name == "host") {
      if (auto value = http::request_value(request, what.name)) values.push_back(*value);
    } else {
      for (const http::Header& header : request.headers.all()) {
        if (header.name == what.name) values.push_back(header.value);
      }
    }
    if (values.empty()) return std::nullopt;
    if (what.rewrite) {
      for (auto& value : values) value = what.rewrite->pattern.replace_all(value, what.rewrite->substitution, arena);
    }
    // The same fields in another order hash the same.
    std::sort(values.begin(), values.end());
    uint64_t hash = 0;
    for (std::string_view value : values) hash = hash_of(value, hash);
    return hash;
  }

  std::optional<uint64_t> operator()(const HashCookie& what) const {
    if (auto value = http::cookie(request.headers, what.name)) return hash_of(*value);
    if (!what.ttl || !new_cookie || !info.downstream) return std::nullopt;
    std::string both = info.downstream->remote.to_string() + info.downstream->local.to_string();
    char digits[16];
    uint64_t number = hash_of(both);
    for (int i = 15; i >= 0; --i, number >>= 4) digits[i] = "0123456789abcdef"[number & 15];
    std::string_view value(digits, 16);
    std::string text = what.name + "=\"" + std::string(value) + '"';
    if (what.ttl->count() > 0) text += "; Max-Age=" + std::to_string(what.ttl->count());
    if (!what.path.empty()) text += "; Path=" + what.path;
    for (const auto& [name, attribute] : what.attributes) {
      text += "; " + name + (attribute.empty() ? "" : "=" + attribute);
    }
    text += "; HttpOnly";
    new_cookie->set_cookie = arena.copy(text);
    return hash_of(value);
  }

  std::optional<uint64_t> operator()(const HashSourceIp&) const {
    const net::Address* address = info.remote_address;
    if (!address && info.downstream) address = &info.downstream->remote;
    if (!address || !address->is_ip()) return std::nullopt;
    return hash_of(address->ip());
  }

  std::optional<uint64_t> operator()(const HashQueryParameter& what) const {
    auto value = http::query_parameter(request.path, what.name);
    if (!value) return std::nullopt;
    return hash_of(*value);
  }

  std::optional<uint64_t> operator()(const HashFilterState& what) const {
    const nlohmann::json* value = info.filter_state ? info.filter_state->find(what.key, {}) : nullptr;
    if (!value) return std::nullopt;
    if (value->is_string()) return hash_of(value->get_ref<const std::string&>());
    std::string text;
    observe::append_json(*value, text);
    return hash_of(text);
  }
};

}  // namespace

std::optional<uint64_t> request_hash(const std::vector<HashPolicy>& policies, const http::RequestHead& request,
                                     const observe::StreamInfo& info, Arena& arena, NewCookie* cookie) {
  std::optional<uint64_t> hash;
  const Evaluate evaluate{request, info, arena, cookie};
  for (const HashPolicy& policy : policies) {
    if (auto next = std::visit(evaluate, policy.what)) {
      // The rotation keeps two equal policies from cancelling each other out.
      uint64_t old = hash ? (*hash << 1 | *hash >> 63) : 0;
      hash = old ^ *next;
    }
    if (policy.terminal && hash) break;
  }
  return hash;
}

}  // namespace proa::route
