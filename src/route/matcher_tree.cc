#include "route/matcher_tree.h"

#include <algorithm>

#include "http/header_matcher.h"
#include "http/query.h"
#include "net/transport.h"
#include "observe/format_step.h"
#include "observe/metadata.h"
#include "route/candidates.h"

namespace proa::route {
namespace {

constexpr int kMaxDepth = 16;

using Value = std::optional<std::string>;

Value text(std::string_view value) { return value.empty() ? Value() : Value(std::string(value)); }
Value header(const http::HeaderList* headers, const std::string& name) {
  bool found = false;
  std::string_view value = headers ? headers->joined(name, &found) : std::string_view();
  return found ? Value(std::string(value)) : Value();
}
Value joined(const std::vector<std::string>& values) {
  std::string out;
  for (const std::string& value : values) out += (out.empty() ? "" : ",") + value;
  return text(out);
}
Value json_text(const nlohmann::json* value) {
  if (!value || value->is_null()) return {};
  if (value->is_string()) return value->get<std::string>();
  std::string out;
  observe::append_json(*value, out);
  return out;
}

const net::Address* address(const MatchSource& source, const observe::StreamInfo& info) {
  using From = MatchSource::From;
  switch (source.from) {
    case From::kDestinationIp:
    case From::kDestinationPort: return info.downstream ? &info.downstream->local : nullptr;
    case From::kDirectSourceIp: return info.downstream ? &info.downstream->direct_remote : nullptr;
    case From::kSourceIp:
    case From::kSourcePort:
      if (info.remote_address) return info.remote_address;
      return info.downstream ? &info.downstream->remote : nullptr;
    default: return nullptr;
  }
}

Value tls_value(MatchSource::From from, const observe::StreamInfo& info) {
  const net::TlsInfo* tls = info.downstream ? info.downstream->tls.get() : nullptr;
  if (!tls || !tls->validated) return {};
  if (from == MatchSource::From::kUriSan) return joined(tls->peer->uri_sans);
  if (from == MatchSource::From::kDnsSan) return joined(tls->peer->dns_sans);
  return text(tls->peer->subject);
}

struct Holds {
  const observe::StreamInfo& info;
  bool operator()(const MatchPredicate::Single& p) const {
    Value value = match_value(p.source, info);
    return value && p.value.matches(*value);
  }
  bool operator()(const MatchPredicate::InRange& p) const {
    const net::Address* ip = address(p.source, info);
    return ip && std::any_of(p.ranges.begin(), p.ranges.end(),
                             [&](const net::CidrRange& range) { return range.contains(*ip); }) != p.invert;
  }
  bool operator()(const MatchPredicate::Metadata& p) const { return p.matcher.matches(info); }
  bool operator()(const MatchPredicate::All& p) const {
    return std::all_of(p.predicates.begin(), p.predicates.end(), [&](const auto& one) { return one.holds(info); });
  }
  bool operator()(const MatchPredicate::Any& p) const {
    return std::any_of(p.predicates.begin(), p.predicates.end(), [&](const auto& one) { return one.holds(info); });
  }
  bool operator()(const MatchPredicate::Not& p) const { return !p.predicate->holds(info); }
};

using Kept = std::function<void(const MatchAction&)>;

// The action behind one entry, or null when matching goes on.
const MatchAction* follow(const OnMatch& on, const observe::StreamInfo& info, const Kept& kept) {
  const MatchAction* action = on.matcher ? on.matcher->match(info, kept) : on.action.get();
  if (action && on.keep_matching) {
    if (kept) kept(*action);
    return nullptr;
  }
  return action;
}

// Calls f(const OnMatch&) for each entry.
template <class F>
void for_each_entry(const MatcherTree::Kind& kind, F f) {
  std::visit(
      [&](const auto& map) {
        for (const auto& entry : map.entries) f(entry.second);
      },
      kind);
}

}  // namespace

std::optional<std::string> match_value(const MatchSource& source, const observe::StreamInfo& info) {
  using From = MatchSource::From;
  switch (source.from) {
    case From::kRequestHeader: {
      auto value = info.request ? http::request_value(*info.request, source.name) : std::nullopt;
      return value ? Value(std::string(*value)) : Value();
    }
    case From::kResponseHeader: return header(info.response ? &info.response->headers : nullptr, source.name);
    case From::kResponseTrailer: return header(info.response_trailers, source.name);
    case From::kQueryParameter: {
      auto value = info.request ? http::query_parameter(info.request->path, source.name) : std::nullopt;
      return value ? Value(std::string(*value)) : Value();
    }
    case From::kPath: return info.request ? text(without_query(info.request->path)) : Value();
    case From::kDestinationIp:
    case From::kSourceIp:
    case From::kDirectSourceIp: {
      const net::Address* ip = address(source, info);
      return ip ? text(ip->ip()) : Value();
    }
    case From::kDestinationPort:
    case From::kSourcePort: {
      const net::Address* ip = address(source, info);
      return ip && ip->is_ip() ? Value(std::to_string(ip->port())) : Value();
    }
    case From::kServerName: return info.downstream ? text(info.downstream->sni) : Value();
    case From::kTransportProtocol: return info.downstream ? text(info.downstream->transport_protocol) : Value();
    case From::kApplicationProtocol: return info.downstream ? joined(info.downstream->application_protocols) : Value();
    case From::kUriSan:
    case From::kDnsSan:
    case From::kSubject: return tls_value(source.from, info);
    case From::kFilterState:
      return info.filter_state ? json_text(info.filter_state->find(source.name, source.path)) : Value();
    case From::kDynamicMetadata:
      return info.dynamic_metadata ? json_text(info.dynamic_metadata->find(source.name, source.path)) : Value();
  }
  return {};
}

bool MatchPredicate::holds(const observe::StreamInfo& info) const { return std::visit(Holds{info}, what); }

Result<std::shared_ptr<const MatcherTree>> MatcherTree::make(Kind kind, std::optional<OnMatch> on_no_match) {
  std::shared_ptr<MatcherTree> tree(new MatcherTree());
  bool good = true;
  auto check = [&](const OnMatch& on) {
    if (!on.action == !on.matcher) good = false;
    if (on.matcher) tree->depth_ = std::max(tree->depth_, on.matcher->depth_ + 1);
  };
  for_each_entry(kind, check);
  if (on_no_match) check(*on_no_match);
  if (!good) return fail("an entry of a matcher needs either an action or a further matcher");
  if (tree->depth_ > kMaxDepth) return fail("a matcher tree is deeper than 16");
  uint32_t number = 0;
  if (auto* map = std::get_if<PrefixMap>(&kind)) {
    for (const auto& entry : map->entries) tree->prefixes_.add(entry.first, number++, false);
    tree->prefixes_.compile();
  } else if (auto* ranges = std::get_if<RangeMap>(&kind)) {
    for (const auto& entry : ranges->entries) tree->ranges_.insert(entry.first, number++);
  }
  tree->kind_ = std::move(kind);
  tree->on_no_match_ = std::move(on_no_match);
  return tree;
}

const MatchAction* MatcherTree::find(const observe::StreamInfo& info, const Kept& kept) const {
  if (auto* list = std::get_if<List>(&kind_)) {
    for (const auto& [predicate, on] : list->entries) {
      if (!predicate.holds(info)) continue;
      if (const MatchAction* action = follow(on, info, kept)) return action;
    }
    return nullptr;
  }
  if (auto* map = std::get_if<ExactMap>(&kind_)) {
    Value value = match_value(map->source, info);
    auto found = value ? map->entries.find(*value) : map->entries.end();
    return found == map->entries.end() ? nullptr : follow(found->second, info, kept);
  }
  std::vector<const OnMatch*> fitting;  // the most general first
  if (auto* map = std::get_if<PrefixMap>(&kind_)) {
    Value value = match_value(map->source, info);
    if (!value) return nullptr;
    prefixes_.walk(*value, [&](std::span<const uint32_t> numbers) {
      for (uint32_t number : numbers) fitting.push_back(&map->entries[number].second);
    });
  } else if (auto* ranges = std::get_if<RangeMap>(&kind_)) {
    const net::Address* ip = address(ranges->source, info);
    if (!ip) return nullptr;
    ranges_.visit(*ip, [&](uint32_t number) { fitting.push_back(&ranges->entries[number].second); });
  }
  for (auto it = fitting.rbegin(); it != fitting.rend(); ++it) {
    if (const MatchAction* action = follow(**it, info, kept)) return action;
  }
  return nullptr;
}

const MatchAction* MatcherTree::match(const observe::StreamInfo& info, const Kept& kept) const {
  if (const MatchAction* action = find(info, kept)) return action;
  return on_no_match_ ? follow(*on_no_match_, info, kept) : nullptr;
}

}  // namespace proa::route
