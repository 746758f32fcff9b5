// RouteConfiguration -> route::RouteTable.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/compiler.h"
#include "envoy/config/core/v3/base.pb.h"
#include "envoy/config/route/v3/route.pb.h"
#include "route/route_table.h"

namespace proa::config {

class SupportedTable;

/// Never null; problems are at `at`.
std::shared_ptr<const route::RouteTable> compile_routes(const envoy::config::route::v3::RouteConfiguration& from,
                                                        const Site& at, Compiler& compiler);

/// RouteMatch, of routes and of rules that choose requests the same way.
route::RouteMatch compile_route_match(const envoy::config::route::v3::RouteMatch& from, const Site& at);

/// headers_to_add into `to`.
void compile_header_additions(
    const google::protobuf::RepeatedPtrField<envoy::config::core::v3::HeaderValueOption>& from, route::HeaderOps& to,
    const Site& at);
/// The four lists that tables, hosts, routes and weighted clusters have.
template <class Message>
void compile_message_ops(const Message& from, route::MessageOps& to, const Site& at);
void compile_header_removals(const google::protobuf::RepeatedPtrField<std::string>& from, route::HeaderOps& to,
                             const Site& at);

template <class Message>
void compile_message_ops(const Message& from, route::MessageOps& to, const Site& at) {
  compile_header_removals(from.request_headers_to_remove(), to.request, at / "request_headers_to_remove");
  compile_header_additions(from.request_headers_to_add(), to.request, at / "request_headers_to_add");
  compile_header_removals(from.response_headers_to_remove(), to.response, at / "response_headers_to_remove");
  compile_header_additions(from.response_headers_to_add(), to.response, at / "response_headers_to_add");
}

/// The upgrade types that some route allows by itself.
std::vector<std::string> upgrades_of_routes(const route::RouteTable& table);

void add_route_fields(SupportedTable& table);

}  // namespace proa::config
