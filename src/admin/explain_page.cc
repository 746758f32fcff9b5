// /explain: why a request goes where it goes.
#include <fmt/format.h>

#include <algorithm>

#include "admin/explain.h"
#include "admin/json_response.h"
#include "admin/pages.h"
#include "base/number.h"

namespace proa::admin {
namespace {

using proxy::ExplainedFilter;
using proxy::ExplainedHost;
using proxy::ExplainedRoute;
using proxy::Explanation;
using proxy::Question;

/// An address with or without a port.
Result<net::Address> address_of(std::string_view name, std::string_view text) {
  Result<net::Address> address = net::Address::parse(text);
  if (!address) address = net::Address::parse_ip(text, 0);
  if (!address) return fail(fmt::format("{}={}: {}", name, text, address.error().message));
  return address;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

Status read_headers(const Query& query, Question& to) {
  for (std::string_view header : query.values("header")) {
    size_t colon = header.find(':');
    if (colon == header.npos || colon == 0) return fail(fmt::format("header={} is not name:value", header));
    std::string_view value = header.substr(colon + 1);
    value.remove_prefix(std::min(value.size(), value.find_first_not_of(' ')));
    to.headers.emplace_back(lower(header.substr(0, colon)), value);
  }
  return {};
}

Result<Question> question_of(const Query& query) {
  Question to;
  to.listener = query.value("listener");
  for (auto [name, address] : {std::pair{"destination", &to.destination}, std::pair{"source", &to.source}}) {
    if (query.value(name).empty()) continue;
    Result<net::Address> parsed = address_of(name, query.value(name));
    if (!parsed) return std::unexpected(parsed.error());
    *address = *parsed;
  }
  to.sni = lower(query.value("sni"));
  to.tls = query.has("tls");
  to.tcp = query.has("tcp");
  to.http2 = query.has("http2");
  to.principal = query.value("principal");
  std::string_view alpn = query.value("alpn");
  while (!alpn.empty()) {
    std::string_view one = alpn.substr(0, alpn.find(','));
    to.alpn.emplace_back(one);
    alpn.remove_prefix(std::min(alpn.size(), one.size() + 1));
  }
  if (query.has("method")) to.method = query.value("method");
  if (query.has("path")) to.path = query.value("path");
  to.host = query.value("host");
  if (std::string_view random = query.value("random"); !random.empty()) {
    auto number = parse_decimal<uint64_t>(random);
    if (!number) return fail(fmt::format("random={} is no number", random));
    to.random = *number;
  }
  if (Status headers = read_headers(query, to); !headers) return std::unexpected(headers.error());
  return to;
}

Json route_json(const ExplainedRoute& route) {
  return {{"index", route.index}, {"name", route.name}, {"match", route.match}, {"reason", route.reason}};
}

/// "passes: no policy denies it"; empty: it is not told.
std::string verdict_of(const ExplainedFilter& filter) {
  if (!filter.foreseen) return "";
  constexpr const char* kWords[] = {"passes", "denies", "asks"};
  const std::string word = kWords[static_cast<size_t>(filter.foreseen->what)];
  return filter.foreseen->why.empty() ? word : word + ": " + filter.foreseen->why;
}

Json filter_json(const ExplainedFilter& filter) {
  Json json = {{"name", filter.name}, {"enabled", filter.enabled}, {"reason", filter.reason}};
  if (filter.foreseen) json["verdict"] = verdict_of(filter);
  return json;
}

Json to_json(const Explanation& e) {
  Json json = {{"outcome", e.outcome}, {"listener", {{"name", e.listener}, {"reason", e.listener_reason}}}};
  if (!e.has_chain) {
    json["filter_chain"] = {{"steps", e.chain_steps}};
    return json;
  }
  json["filter_chain"] = {{"name", e.filter_chain}, {"tls", e.tls}, {"steps", e.chain_steps}};
  for (const ExplainedFilter& filter : e.network_filters) json["network_filters"].push_back(filter_json(filter));
  if (!e.host.empty()) {
    json["request"] = {{"host", e.host}, {"path", e.path}};
    json["virtual_host"] = {{"name", e.virtual_host}, {"reason", e.virtual_host_reason}};
    json["rejected_routes"] = Json::array();
    for (const ExplainedRoute& route : e.rejected) json["rejected_routes"].push_back(route_json(route));
    json["route"] = e.route ? route_json(*e.route) : Json();
    json["filters"] = Json::array();
    for (const ExplainedFilter& filter : e.filters) json["filters"].push_back(filter_json(filter));
  }
  if (e.cluster.empty()) return json;
  Json hosts = Json::array();
  for (const ExplainedHost& host : e.hosts) {
    hosts.push_back({{"address", host.address},
                     {"health", host.health},
                     {"healthy", host.healthy},
                     {"tls", host.tls},
                     {"priority", host.priority},
                     {"weight", host.weight}});
  }
  json["cluster"] = {{"name", e.cluster}, {"healthy_hosts", e.healthy_hosts}, {"hosts", std::move(hosts)}};
  for (const auto& [name, weight] : e.weighted) {
    json["cluster"]["weighted"].push_back({{"name", name}, {"weight", weight}});
  }
  return json;
}

std::string to_text(const Explanation& e) {
  std::string text;
  auto line = [&]<class... Args>(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(text), format, std::forward<Args>(args)...);
    text += '\n';
  };
  line("listener \"{}\": {}", e.listener, e.listener_reason);
  for (const std::string& step : e.chain_steps) line("  {}", step);
  if (e.has_chain) line("filter chain \"{}\"{}", e.filter_chain, e.tls ? ", TLS" : "");
  for (const ExplainedFilter& filter : e.network_filters) line("{} {}", filter.name, verdict_of(filter));
  if (!e.host.empty()) {
    line("request for host \"{}\", path \"{}\"", e.host, e.path);
    line("virtual host \"{}\": {}", e.virtual_host, e.virtual_host_reason);
    for (const ExplainedRoute& r : e.rejected)
      line("  not route {} \"{}\" ({}): {}", r.index, r.name, r.match, r.reason);
    if (e.route) line("route {} \"{}\": {}", e.route->index, e.route->name, e.route->reason);
    for (const ExplainedFilter& filter : e.filters) {
      line("filter {}: {}{}{}{}", filter.name, filter.enabled ? "on" : "off", filter.reason.empty() ? "" : ", ",
           filter.reason, filter.foreseen ? ", " + verdict_of(filter) : "");
    }
  }
  if (!e.cluster.empty()) {
    line("cluster \"{}\"", e.cluster);
    for (const auto& [name, weight] : e.weighted) line("  weight {} of {}", weight, name);
    for (const ExplainedHost& host : e.hosts) {
      line("  host {}: {}, priority {}, weight {}", host.address, host.health, host.priority, host.weight);
    }
  }
  line("=> {}", e.outcome);
  return text;
}

}  // namespace

Response explain_page(Admin& admin, const Request& request) {
  Result<Question> question = question_of(request.query);
  if (!question) return refuse(400, question.error().message);
  Result<Explanation> explanation = explain(admin, *question);
  if (!explanation) return refuse(400, explanation.error().message);
  if (request.query.value("format") == "text") return {.body = to_text(*explanation)};
  return json_response(to_json(*explanation));
}

}  // namespace proa::admin
