// read_route_parts: what several kinds of the Gateway API have in common: references, header matches, filters.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "config/field_path.h"
#include "mesh/model/gateway_api.h"
#include "mesh/source/fields.h"

namespace proa::mesh {

/// What stands under "spec" of a document, with all else of it checked. `type`: of the spec, for errors.
void read_spec(const Document& document, const config::FieldPath& path, std::string_view type,
               config::Problems& problems, const std::function<void(Fields&)>& read);

Origin origin_at(const Document& document, const config::Node& node);

/// group, kind, namespace and name, with these defaults; the caller reads the rest and calls done().
void read_ref(Fields& fields, ObjectRef& ref, std::string_view group, std::string_view kind);
ObjectRef read_object_ref(const config::Node& node, const config::FieldPath& path, config::Problems& problems,
                          std::string_view group, std::string_view kind);
std::vector<ParentRef> read_parents(Fields& fields, config::Problems& problems);
/// "hostnames", each a host name or one with "*." in front.
std::vector<std::string> read_hostnames(Fields& fields);
/// Of TLSRoute and TCPRoute.
std::vector<BackendRef> read_backends(Fields& fields, config::Problems& problems);
/// Of HTTPRoute and GRPCRoute, with filters of their own.
std::vector<RouteBackend> read_filtered_backends(Fields& fields, config::Problems& problems);
/// "headers" or "queryParams" of a match.
std::vector<NamedMatch> read_named_matches(Fields& fields, std::string_view name, config::Problems& problems);
RouteFilters read_filters(Fields& fields, config::Problems& problems);
/// A Go duration in milliseconds, not negative.
std::optional<std::int64_t> read_milliseconds(Fields& fields, std::string_view name);
/// That a regular expression is one (RE2's syntax, as Envoy's).
void check_regex(Fields& fields, std::string_view name, const std::string& regex);

}  // namespace proa::mesh
