#include "mesh/translate/delegates.h"

#include <algorithm>

#include "mesh/model/select.h"

namespace proa::mesh {

namespace {

using istio::networking::v1alpha3::HTTPMatchRequest;
using istio::networking::v1alpha3::HTTPRoute;
using istio::networking::v1alpha3::StringMatch;

/// Whether the leaf may take what the root does not.
bool conflict(const StringMatch& root, const StringMatch& leaf) {
  if (root.has_regex() || leaf.has_regex()) return true;
  if (root.has_exact()) return !leaf.has_exact() || leaf.exact() != root.exact();
  if (!root.has_prefix()) return true;
  const std::string& text = leaf.has_prefix() ? leaf.prefix() : leaf.exact();
  return !text.starts_with(root.prefix());
}

template <class Map>
bool conflict_in(const Map& root, const Map& leaf) {
  return std::ranges::any_of(leaf, [&](const auto& each) {
    const auto found = root.find(each.first);
    return found != root.end() && conflict(found->second, each.second);
  });
}

bool conflict(const HTTPMatchRequest& root, const HTTPMatchRequest& leaf) {
  const auto both = [](bool a, bool b, const StringMatch& x, const StringMatch& y) { return a && b && conflict(x, y); };
  return both(root.has_uri(), leaf.has_uri(), root.uri(), leaf.uri()) ||
         both(root.has_scheme(), leaf.has_scheme(), root.scheme(), leaf.scheme()) ||
         both(root.has_method(), leaf.has_method(), root.method(), leaf.method()) ||
         both(root.has_authority(), leaf.has_authority(), root.authority(), leaf.authority()) ||
         conflict_in(root.headers(), leaf.headers()) || conflict_in(root.headers(), leaf.without_headers()) ||
         conflict_in(root.query_params(), leaf.query_params()) || root.ignore_uri_case() != leaf.ignore_uri_case() ||
         (root.port() != 0 && leaf.port() != 0 && root.port() != leaf.port());
}

std::string joined(const std::string& root, const std::string& leaf) {
  return root.empty() || leaf.empty() ? root + leaf : root + "-" + leaf;
}

HTTPMatchRequest merged(const HTTPMatchRequest& root, const HTTPMatchRequest& leaf) {
  HTTPMatchRequest out = leaf;
  out.set_name(joined(root.name(), leaf.name()));
  if (!out.has_uri() && root.has_uri()) *out.mutable_uri() = root.uri();
  if (!out.has_scheme() && root.has_scheme()) *out.mutable_scheme() = root.scheme();
  if (!out.has_method() && root.has_method()) *out.mutable_method() = root.method();
  if (!out.has_authority() && root.has_authority()) *out.mutable_authority() = root.authority();
  out.mutable_headers()->insert(root.headers().begin(), root.headers().end());
  out.mutable_without_headers()->insert(root.without_headers().begin(), root.without_headers().end());
  out.mutable_query_params()->insert(root.query_params().begin(), root.query_params().end());
  if (out.port() == 0) out.set_port(root.port());
  // These are of the root alone.
  *out.mutable_source_labels() = root.source_labels();
  *out.mutable_gateways() = root.gateways();
  out.set_source_namespace(root.source_namespace());
  return out;
}

/// False: the leaf can never be reached through the root.
bool merge_matches(const HTTPRoute& root, HTTPRoute& leaf) {
  if (root.match().empty()) return true;
  if (leaf.match().empty()) {
    *leaf.mutable_match() = root.match();
    return true;
  }
  google::protobuf::RepeatedPtrField<HTTPMatchRequest> out;
  for (const auto& outer : root.match()) {
    for (const auto& inner : leaf.match()) {
      if (!conflict(outer, inner)) *out.Add() = merged(outer, inner);
    }
  }
  leaf.mutable_match()->Swap(&out);
  return !leaf.match().empty();
}

void inherit(const HTTPRoute& root, HTTPRoute& leaf) {
  leaf.set_name(joined(root.name(), leaf.name()));
  if (!leaf.has_rewrite() && root.has_rewrite()) *leaf.mutable_rewrite() = root.rewrite();
  if (!leaf.has_timeout() && root.has_timeout()) *leaf.mutable_timeout() = root.timeout();
  if (!leaf.has_retries() && root.has_retries()) *leaf.mutable_retries() = root.retries();
  if (!leaf.has_fault() && root.has_fault()) *leaf.mutable_fault() = root.fault();
  if (!leaf.has_mirror() && root.has_mirror()) *leaf.mutable_mirror() = root.mirror();
  if (leaf.mirrors().empty()) *leaf.mutable_mirrors() = root.mirrors();
  if (!leaf.has_mirror_percentage() && root.has_mirror_percentage()) {
    *leaf.mutable_mirror_percentage() = root.mirror_percentage();
  }
  if (!leaf.has_cors_policy() && root.has_cors_policy()) *leaf.mutable_cors_policy() = root.cors_policy();
  if (!leaf.has_headers() && root.has_headers()) *leaf.mutable_headers() = root.headers();
}

void name_hosts(const std::string& ns, const std::string& domain, HTTPRoute& out) {
  const auto name = [&](auto& destination) { destination.set_host(full_host_name(destination.host(), ns, domain)); };
  for (auto& each : *out.mutable_route()) name(*each.mutable_destination());
  if (out.has_mirror()) name(*out.mutable_mirror());
  for (auto& each : *out.mutable_mirrors()) name(*each.mutable_destination());
}

}  // namespace

std::shared_ptr<const VirtualService> with_delegates(const World& world, std::shared_ptr<const VirtualService> root) {
  if (std::ranges::none_of(root->spec.http(), [](const auto& each) { return each.has_delegate(); })) return root;
  const std::vector<std::string> fallback(world.mesh().default_virtual_service_export_to().begin(),
                                          world.mesh().default_virtual_service_export_to().end());
  auto out = std::make_shared<VirtualService>(*root);
  out->spec.clear_http();
  for (const HTTPRoute& http : root->spec.http()) {
    if (!http.has_delegate()) {
      *out->spec.add_http() = http;
      continue;
    }
    const std::string& ns = http.delegate().namespace_().empty() ? root->meta.ns : http.delegate().namespace_();
    const VirtualService* leaf = world.table<VirtualService>().find(ns, http.delegate().name());
    if (leaf == nullptr) continue;
    const std::vector<std::string> exported(leaf->spec.export_to().begin(), leaf->spec.export_to().end());
    if (!visible(exported, fallback, ns, root->meta.ns)) continue;
    for (HTTPRoute each : leaf->spec.http()) {
      if (!merge_matches(http, each)) continue;
      name_hosts(ns, world.domain(), each);
      inherit(http, each);
      *out->spec.add_http() = std::move(each);
    }
  }
  return out;
}

}  // namespace proa::mesh
