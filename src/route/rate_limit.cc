#include "route/rate_limit.h"

#include <algorithm>

#include "base/number.h"
#include "http/header_matcher.h"
#include "http/query.h"
#include "net/transport.h"
#include "observe/format_step.h"
#include "observe/metadata.h"

namespace proa::route {
namespace {

// What an action gives: an entry, nothing (the entry is left out), or the end of the descriptor.
enum class Outcome : uint8_t { kEntry, kSkip, kDrop };
struct Entry {
  Outcome outcome = Outcome::kDrop;
  std::string key;
  std::string value;
};

Entry entry(std::string key, std::string value) { return {Outcome::kEntry, std::move(key), std::move(value)}; }
Entry drop() { return {}; }
Entry absent(bool skip) { return {skip ? Outcome::kSkip : Outcome::kDrop, "", ""}; }

const net::Address* client(const observe::StreamInfo& info) {
  const net::Address* address = info.remote_address;
  if (!address && info.downstream) address = &info.downstream->remote;
  return address && address->is_ip() ? address : nullptr;
}

std::string formatted(const observe::Formatter& formatter, const observe::StreamInfo& info,
                      const std::string& default_value) {
  std::string text;
  if (formatter.has_value(info)) formatter.format(info, text);
  return text.empty() ? default_value : text;
}

bool query_holds(const QueryParameterMatch& match, std::string_view path) {
  auto value = http::query_parameter(path, match.name);
  if (!match.value) return value.has_value() == match.present;
  return value && match.value->matches(*value);
}

struct Evaluate {
  const MatchInput& input;
  std::string_view cluster;
  std::string_view service_cluster;

  Entry operator()(const limit::SourceCluster&) const { return entry("source_cluster", std::string(service_cluster)); }
  Entry operator()(const limit::DestinationCluster&) const {
    return cluster.empty() ? drop() : entry("destination_cluster", std::string(cluster));
  }
  Entry operator()(const limit::RemoteAddress&) const {
    const net::Address* address = client(input.info);
    return address ? entry("remote_address", address->ip()) : drop();
  }
  Entry operator()(const limit::MaskedRemoteAddress& action) const {
    const net::Address* address = client(input.info);
    if (!address) return drop();
    bool v4 = address->family() == net::Address::Family::kIpv4;
    auto range = net::CidrRange::make(*address, v4 ? action.v4_bits : action.v6_bits);
    return range ? entry("masked_remote_address", range->to_string()) : drop();
  }
  Entry operator()(const limit::RequestHeader& action) const {
    auto value = http::request_value(input.request, action.header);
    return value ? entry(action.key, std::string(*value)) : absent(action.skip_if_absent);
  }
  Entry operator()(const limit::QueryParameter& action) const {
    auto value = http::query_parameter(input.request.path, action.parameter);
    return value ? entry(action.key, std::string(*value)) : absent(action.skip_if_absent);
  }
  Entry operator()(const limit::GenericKey& action) const {
    std::string value = formatted(action.value, input.info, action.default_value);
    return value.empty() ? drop() : entry(action.key, std::move(value));
  }
  Entry operator()(const limit::HeaderValueMatch& action) const {
    bool matches = std::all_of(action.headers.begin(), action.headers.end(),
                               [&](const auto& header) { return header.matches(input.request); });
    if (matches != action.expect_match) return drop();
    std::string value = formatted(action.value, input.info, action.default_value);
    return value.empty() ? drop() : entry(action.key, std::move(value));
  }
  Entry operator()(const limit::QueryValueMatch& action) const {
    bool matches = std::all_of(action.parameters.begin(), action.parameters.end(),
                               [&](const auto& match) { return query_holds(match, input.request.path); });
    if (matches != action.expect_match) return drop();
    std::string value = formatted(action.value, input.info, action.default_value);
    return value.empty() ? drop() : entry(action.key, std::move(value));
  }
  Entry operator()(const limit::MetadataValue& action) const {
    const observe::Metadata* metadata = observe::metadata_of(input.info, action.source);
    const nlohmann::json* value = metadata ? metadata->find(action.space, action.path) : nullptr;
    if (value && value->is_string() && !value->get_ref<const std::string&>().empty()) {
      return entry(action.key, value->get<std::string>());
    }
    return action.default_value.empty() ? absent(action.skip_if_absent) : entry(action.key, action.default_value);
  }
};

bool enabled(const RateLimit& limit, const MatchInput& input) {
  if (limit.disable_key.empty()) return true;
  return Fraction{{100, 100}, "ratelimit." + limit.disable_key + ".http_filter_enabled"}.includes(input.random,
                                                                                                  input.runtime);
}

std::optional<Descriptor> descriptor(const RateLimit& limit, const Evaluate& evaluate) {
  Descriptor result;
  for (const LimitAction& action : limit.actions) {
    Entry made = std::visit(evaluate, action);
    if (made.outcome == Outcome::kDrop) return std::nullopt;
    if (made.outcome == Outcome::kEntry) result.entries.emplace_back(std::move(made.key), std::move(made.value));
  }
  if (result.entries.empty()) return std::nullopt;
  result.hits_addend = limit.fixed_hits_addend;
  if (limit.hits_addend) {
    std::string text;
    limit.hits_addend->format(evaluate.input.info, text);
    auto number = parse_decimal<uint32_t>(text);
    if (!number) return std::nullopt;
    result.hits_addend = *number;
  }
  return result;
}

}  // namespace

std::vector<Descriptor> descriptors(const std::vector<RateLimit>& limits, uint32_t stage, const MatchInput& input,
                                    std::string_view cluster, std::string_view service_cluster, bool on_stream_done) {
  std::vector<Descriptor> result;
  const Evaluate evaluate{input, cluster, service_cluster};
  for (const RateLimit& limit : limits) {
    if (limit.stage != stage || limit.apply_on_stream_done != on_stream_done || !enabled(limit, input)) continue;
    if (auto made = descriptor(limit, evaluate)) result.push_back(std::move(*made));
  }
  return result;
}

}  // namespace proa::route
