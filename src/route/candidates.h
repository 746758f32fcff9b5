// The heart of routing: the candidates of a path, in list order, until the conditions of one hold. match() and
// explain() are both this function, so that the explanation can never differ from what happens.
#pragma once

#include <string_view>

#include "http/message.h"
#include "route/path_index.h"
#include "route/route_table.h"

namespace proa::route {

inline std::string_view without_query(std::string_view path) { return path.substr(0, path.find_first_of("?#")); }

inline std::string_view path_to_match(const http::RequestHead& request, bool ignore_parameters) {
  std::string_view path = without_query(request.path);
  return ignore_parameters ? path.substr(0, path.find(';')) : path;
}

/// CONNECT proper and CONNECT-UDP; any other upgrade is routed by its path.
inline bool is_connect(const http::RequestHead& request) {
  return request.protocol.empty() ? request.method_id == http::Method::kConnect : request.protocol == "connect-udp";
}

/// `rejected(index)` is called for each candidate whose conditions fail.
template <class Rejected>
const Route* first_match(const VirtualHost& host, const MatchInput& input, std::string_view path, Rejected rejected) {
  PathIndex::Candidates candidates(*host.index, path, is_connect(input.request));
  for (uint32_t i = candidates.next(); i != PathIndex::kEnd; i = candidates.next()) {
    const Route& route = *host.routes[i];
    if (route.match->conditions.hold(input)) return &route;
    rejected(i);
  }
  return nullptr;
}

/// The number by which a weighted cluster is chosen, before the modulo.
uint64_t choice_number(const Route& parent, const MatchInput& input);
/// `route` itself, or the one of its weighted clusters that this request takes.
const Route& chosen(const Route& route, const MatchInput& input);
/// Whether require_tls sends this request to https.
bool must_redirect_to_tls(const VirtualHost& host, const MatchInput& input);

}  // namespace proa::route
