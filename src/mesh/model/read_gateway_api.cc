#include "mesh/model/read_gateway_api.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "mesh/model/read_route_parts.h"
#include "mesh/source/fields.h"
#include "mesh/source/names.h"

namespace proa::mesh {

namespace {

using config::FieldPath;
using config::Node;
using config::Problems;

LabelSelector read_selector(const Node& node, const FieldPath& path, Problems& problems) {
  Fields fields(node, path, "LabelSelector", problems);
  LabelSelector out;
  out.match_labels = fields.labels("matchLabels");
  fields.each("matchExpressions", [&](const Node& item, const FieldPath& at) {
    Fields of(item, at, "LabelSelectorRequirement", problems);
    of.require("key");
    of.require("operator");
    out.match_expressions.push_back({of.text_or("key"),
                                     of.one_of("operator", {"In", "NotIn", "Exists", "DoesNotExist"}).value_or(""),
                                     of.texts("values")});
    of.done();
  });
  fields.done();
  return out;
}

ListenerTls read_tls(const Node& node, const FieldPath& path, Problems& problems) {
  Fields fields(node, path, "ListenerTLSConfig", problems);
  ListenerTls out;
  out.mode = fields.one_of("mode", {"Terminate", "Passthrough"}).value_or("Terminate");
  fields.each("certificateRefs", [&](const Node& item, const FieldPath& at) {
    out.certificates.push_back(read_object_ref(item, at, problems, "", "Secret"));
  });
  out.options = fields.labels("options");
  if (out.mode == "Terminate" && out.certificates.empty() && out.options.empty()) {
    fields.error("certificateRefs", "is missing, as mode is Terminate");
  }
  fields.done();
  return out;
}

void read_allowed_routes(const Node& node, const FieldPath& path, GatewayListener& out, Problems& problems) {
  Fields fields(node, path, "AllowedRoutes", problems);
  fields.object("namespaces", [&](const Node& namespaces, const FieldPath& at) {
    Fields of(namespaces, at, "RouteNamespaces", problems);
    out.routes_from = of.one_of("from", {"All", "Selector", "Same", "None"}).value_or("Same");
    of.object("selector", [&](const Node& selector, const FieldPath& place) {
      out.routes_selector = read_selector(selector, place, problems);
    });
    if (out.routes_from == "Selector" && !of.has("selector")) of.error("selector", "is missing, as from is Selector");
    of.done();
  });
  fields.each("kinds", [&](const Node& item, const FieldPath& at) {
    Fields of(item, at, "RouteGroupKind", problems);
    of.require("kind");
    out.kinds.push_back({of.text_or("group", "gateway.networking.k8s.io"), of.text_or("kind")});
    of.done();
  });
  fields.done();
}

GatewayListener read_listener(const Document& document, const Node& node, const FieldPath& path, Problems& problems) {
  Fields fields(node, path, "Listener", problems);
  GatewayListener out;
  out.origin = origin_at(document, node);
  fields.require("name");
  fields.require("port");
  fields.require("protocol");
  out.name = fields.text_or("name");
  out.hostname = fields.text_or("hostname");
  if (!out.hostname.empty()) {
    if (const std::string wrong = not_a_wildcard_domain(out.hostname); !wrong.empty()) fields.error("hostname", wrong);
  }
  out.port = static_cast<std::uint32_t>(fields.number("port", 1, 65535).value_or(0));
  out.protocol = fields.text_or("protocol");
  fields.object("tls", [&](const Node& tls, const FieldPath& at) { out.tls = read_tls(tls, at, problems); });
  fields.object("allowedRoutes",
                [&](const Node& routes, const FieldPath& at) { read_allowed_routes(routes, at, out, problems); });
  const bool plain = out.protocol == "HTTP" || out.protocol == "TCP" || out.protocol == "UDP";
  if (plain && out.tls) fields.error("tls", fmt::format("is set, but protocol is {}", out.protocol));
  if ((out.protocol == "HTTPS" || out.protocol == "TLS") && !out.tls) {
    fields.error("tls", fmt::format("is missing, as protocol is {}", out.protocol));
  }
  if (out.protocol == "HTTPS" && out.tls && out.tls->mode != "Terminate") {
    fields.error("tls", "has the mode Passthrough, but HTTPS is terminated", "use protocol TLS");
  }
  if ((out.protocol == "TCP" || out.protocol == "UDP") && !out.hostname.empty()) {
    fields.error("hostname", fmt::format("is set, but protocol is {}", out.protocol), "remove it");
  }
  fields.done();
  return out;
}

FrontendValidation read_validation(const Node& node, const FieldPath& path, Problems& problems) {
  FrontendValidation out;
  Fields fields(node, path, "FrontendTLS", problems);
  fields.object("validation", [&](const Node& validation, const FieldPath& at) {
    Fields of(validation, at, "FrontendTLSValidation", problems);
    of.require("caCertificateRefs");
    of.each("caCertificateRefs", [&](const Node& item, const FieldPath& place) {
      out.ca_certificates.push_back(read_object_ref(item, place, problems, "", "ConfigMap"));
    });
    out.allow_insecure_fallback =
        of.one_of("mode", {"AllowValidOnly", "AllowInsecureFallback"}).value_or("") == "AllowInsecureFallback";
    of.done();
  });
  fields.done();
  return out;
}

void read_frontend(const Node& node, const FieldPath& path, ApiGatewaySpec& spec, Problems& problems) {
  Fields fields(node, path, "FrontendTLSConfig", problems);
  fields.object("default", [&](const Node& value, const FieldPath& at) {
    spec.frontend.push_back(read_validation(value, at, problems));
  });
  fields.each("perPort", [&](const Node& item, const FieldPath& at) {
    Fields of(item, at, "TLSPortConfig", problems);
    of.require("port");
    const auto port = of.number("port", 1, 65535);
    of.object("tls", [&](const Node& value, const FieldPath& place) {
      spec.frontend.push_back(read_validation(value, place, problems));
      spec.frontend.back().port = static_cast<std::uint32_t>(port.value_or(0));
    });
    of.done();
  });
  fields.done();
}

/// Listeners of one Gateway differ in port, protocol and hostname.
void check_listeners(Fields& fields, const std::vector<GatewayListener>& listeners) {
  std::set<std::string> names;
  std::set<std::tuple<std::uint32_t, std::string, std::string>> places;
  for (const GatewayListener& listener : listeners) {
    if (!names.insert(listener.name).second) {
      fields.error("listeners", fmt::format("the name {} is used twice", config::shown(listener.name)));
    }
    if (!places.emplace(listener.port, listener.protocol, listener.hostname).second) {
      fields.error("listeners", fmt::format("port {}, protocol {} and hostname {} are there twice", listener.port,
                                            listener.protocol, config::shown(listener.hostname)));
    }
  }
}

HttpMatch read_http_match(const Node& node, const FieldPath& path, Problems& problems) {
  Fields fields(node, path, "HTTPRouteMatch", problems);
  HttpMatch out;
  fields.object("path", [&](const Node& value, const FieldPath& at) {
    Fields of(value, at, "HTTPPathMatch", problems);
    const std::string type = of.one_of("type", {"Exact", "PathPrefix", "RegularExpression"}).value_or("PathPrefix");
    out.path_type = type == "Exact" ? MatchType::exact : type == "PathPrefix" ? MatchType::prefix : MatchType::regex;
    out.path = of.text_or("value", "/");
    if (out.path_type == MatchType::regex) {
      check_regex(of, "value", out.path);
    } else if (!out.path.starts_with('/') || out.path.find("//") != std::string::npos ||
               out.path.find_first_of("?#") != std::string::npos) {
      of.error("value", fmt::format("is {}, which is no path", config::shown(out.path)),
               "a path begins with '/' and has no '//', '?' or '#'");
    }
    of.done();
  });
  out.headers = read_named_matches(fields, "headers", problems);
  out.query = read_named_matches(fields, "queryParams", problems);
  out.method = fields.one_of("method", {"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"})
                   .value_or("");
  fields.done();
  return out;
}

RouteRetry read_retry(const Node& node, const FieldPath& path, Problems& problems) {
  Fields fields(node, path, "HTTPRouteRetry", problems);
  RouteRetry out;
  fields.each("codes", [&](const Node& item, const FieldPath& at) {
    const std::string text(item.text());
    const bool code =
        item.is_scalar() && text.size() == 3 && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
    if (!code || text[0] < '4' || text[0] > '5') {
      return fields.error(item.mark(), at,
                          fmt::format("is {}, but must be a status from 400 to 599", config::shown(item.text())));
    }
    out.codes.push_back(static_cast<std::uint32_t>(std::stoul(text)));
  });
  if (const auto attempts = fields.number("attempts", 0, INT32_MAX)) {
    out.attempts = static_cast<std::uint32_t>(*attempts);
  }
  out.backoff_ms = read_milliseconds(fields, "backoff");
  fields.done();
  return out;
}

HttpRouteRule read_http_rule(const Document& document, const Node& node, const FieldPath& path, Problems& problems) {
  Fields fields(node, path, "HTTPRouteRule", problems);
  HttpRouteRule out;
  out.origin = origin_at(document, node);
  out.name = fields.text_or("name");
  fields.each("matches", [&](const Node& item, const FieldPath& at) {
    out.matches.push_back(read_http_match(item, at, problems));
  });
  if (out.matches.empty()) out.matches.emplace_back();
  out.filters = read_filters(fields, problems);
  out.backends = read_filtered_backends(fields, problems);
  fields.object("timeouts", [&](const Node& timeouts, const FieldPath& at) {
    Fields of(timeouts, at, "HTTPRouteTimeouts", problems);
    out.request_timeout_ms = read_milliseconds(of, "request");
    out.backend_timeout_ms = read_milliseconds(of, "backendRequest");
    const std::int64_t request = out.request_timeout_ms.value_or(0);
    if (request != 0 && out.backend_timeout_ms.value_or(0) > request) {
      of.error("backendRequest", "is longer than request", "make it at most as long");
    }
    of.done();
  });
  fields.object("retry", [&](const Node& retry, const FieldPath& at) { out.retry = read_retry(retry, at, problems); });
  fields.ignore({"sessionPersistence"});
  if (fields.has("sessionPersistence")) {
    problems.warning(node.mark(), (path / "sessionPersistence").str(), "is not implemented, and has no effect");
  }
  if (out.filters.redirect && !out.backends.empty()) {
    fields.error("backendRefs", "is set, but the rule redirects", "remove the RequestRedirect or the backends");
  }
  const bool prefix_only =
      std::ranges::all_of(out.matches, [](const HttpMatch& match) { return match.path_type == MatchType::prefix; });
  const auto replaces_prefix = [](const auto& filter) { return filter && filter->path && filter->path->prefix; };
  if (!prefix_only && (replaces_prefix(out.filters.redirect) || replaces_prefix(out.filters.rewrite))) {
    fields.error("filters", "replacePrefixMatch needs matches of type PathPrefix only");
  }
  fields.done();
  return out;
}

GrpcMatch read_grpc_match(const Node& node, const FieldPath& path, Problems& problems) {
  Fields fields(node, path, "GRPCRouteMatch", problems);
  GrpcMatch out;
  fields.object("method", [&](const Node& value, const FieldPath& at) {
    Fields of(value, at, "GRPCMethodMatch", problems);
    const bool exact = of.one_of("type", {"Exact", "RegularExpression"}).value_or("Exact") == "Exact";
    out.type = exact ? MatchType::exact : MatchType::regex;
    out.service = of.text_or("service");
    out.method = of.text_or("method");
    if (out.service.empty() && out.method.empty()) {
      of.error(value.mark(), at, "has neither service nor method", "set one, or leave method out to match all");
    }
    if (!exact) {
      if (!out.service.empty()) check_regex(of, "service", out.service);
      if (!out.method.empty()) check_regex(of, "method", out.method);
    }
    of.done();
  });
  out.headers = read_named_matches(fields, "headers", problems);
  fields.done();
  return out;
}

GrpcRouteRule read_grpc_rule(const Document& document, const Node& node, const FieldPath& path, Problems& problems) {
  Fields fields(node, path, "GRPCRouteRule", problems);
  GrpcRouteRule out;
  out.origin = origin_at(document, node);
  out.name = fields.text_or("name");
  fields.each("matches", [&](const Node& item, const FieldPath& at) {
    out.matches.push_back(read_grpc_match(item, at, problems));
  });
  out.filters = read_filters(fields, problems);
  if (out.filters.redirect || out.filters.rewrite || out.filters.cors) {
    fields.error("filters", "a GRPCRoute has only header modifiers, RequestMirror and ExtensionRef");
  }
  out.backends = read_filtered_backends(fields, problems);
  fields.done();
  return out;
}

std::vector<L4RouteRule> read_l4_rules(const Document& document, Fields& fields, std::string_view type,
                                       Problems& problems) {
  std::vector<L4RouteRule> out;
  fields.require("rules");
  fields.each("rules", [&](const Node& item, const FieldPath& at) {
    Fields of(item, at, type, problems);
    of.require("backendRefs");
    out.push_back({of.text_or("name"), read_backends(of, problems), origin_at(document, item)});
    of.done();
  });
  return out;
}

bool holds(const LabelRequirement& wanted, const Labels& labels) {
  const auto found = labels.find(wanted.key);
  const bool there = found != labels.end();
  if (wanted.op == "Exists") return there;
  if (wanted.op == "DoesNotExist") return !there;
  const bool among = there && std::ranges::find(wanted.values, found->second) != wanted.values.end();
  return wanted.op == "In" ? among : !among;
}

}  // namespace

bool LabelSelector::matches(const Labels& labels) const {
  for (const auto& [key, value] : match_labels) {
    const auto found = labels.find(key);
    if (found == labels.end() || found->second != value) return false;
  }
  return std::ranges::all_of(match_expressions, [&](const auto& wanted) { return holds(wanted, labels); });
}

void read(const Document& document, const FieldPath& path, ApiGatewayClassSpec& spec, Problems& problems) {
  read_spec(document, path, "GatewayClassSpec", problems, [&](Fields& fields) {
    fields.require("controllerName");
    spec.controller = fields.text_or("controllerName");
    spec.description = fields.text_or("description");
    fields.ignore({"parametersRef"});
  });
}

void read(const Document& document, const FieldPath& path, ApiGatewaySpec& spec, Problems& problems) {
  read_spec(document, path, "GatewaySpec", problems, [&](Fields& fields) {
    fields.require("gatewayClassName");
    fields.require("listeners");
    spec.class_name = fields.text_or("gatewayClassName");
    fields.each("listeners", [&](const Node& item, const FieldPath& place) {
      spec.listeners.push_back(read_listener(document, item, place, problems));
    });
    check_listeners(fields, spec.listeners);
    fields.each("addresses", [&](const Node& item, const FieldPath& place) {
      Fields of(item, place, "GatewaySpecAddress", problems);
      spec.addresses.push_back({of.text_or("type", "IPAddress"), of.text_or("value")});
      of.done();
    });
    fields.object("infrastructure", [&](const Node& value, const FieldPath& place) {
      Fields of(value, place, "GatewayInfrastructure", problems);
      spec.infrastructure_labels = of.labels("labels");
      spec.infrastructure_annotations = of.labels("annotations");
      of.ignore({"parametersRef"});
      of.done();
    });
    fields.object("tls", [&](const Node& value, const FieldPath& place) {
      Fields of(value, place, "GatewayTLSConfig", problems);
      of.object("frontend",
                [&](const Node& frontend, const FieldPath& inner) { read_frontend(frontend, inner, spec, problems); });
      of.ignore({"backend"});
      if (of.has("backend")) of.error("backend", "is not implemented");
      of.done();
    });
    fields.ignore({"allowedListeners", "defaultScope"});
  });
}

void read(const Document& document, const FieldPath& path, HttpRouteSpec& spec, Problems& problems) {
  read_spec(document, path, "HTTPRouteSpec", problems, [&](Fields& fields) {
    spec.parents = read_parents(fields, problems);
    spec.hostnames = read_hostnames(fields);
    fields.each("rules", [&](const Node& item, const FieldPath& place) {
      spec.rules.push_back(read_http_rule(document, item, place, problems));
    });
  });
}

void read(const Document& document, const FieldPath& path, GrpcRouteSpec& spec, Problems& problems) {
  read_spec(document, path, "GRPCRouteSpec", problems, [&](Fields& fields) {
    spec.parents = read_parents(fields, problems);
    spec.hostnames = read_hostnames(fields);
    fields.each("rules", [&](const Node& item, const FieldPath& place) {
      spec.rules.push_back(read_grpc_rule(document, item, place, problems));
    });
  });
}

void read(const Document& document, const FieldPath& path, TlsRouteSpec& spec, Problems& problems) {
  read_spec(document, path, "TLSRouteSpec", problems, [&](Fields& fields) {
    spec.parents = read_parents(fields, problems);
    spec.hostnames = read_hostnames(fields);
    spec.rules = read_l4_rules(document, fields, "TLSRouteRule", problems);
  });
}

void read(const Document& document, const FieldPath& path, TcpRouteSpec& spec, Problems& problems) {
  read_spec(document, path, "TCPRouteSpec", problems, [&](Fields& fields) {
    spec.parents = read_parents(fields, problems);
    spec.rules = read_l4_rules(document, fields, "TCPRouteRule", problems);
  });
}

void read(const Document& document, const FieldPath& path, ReferenceGrantSpec& spec, Problems& problems) {
  read_spec(document, path, "ReferenceGrantSpec", problems, [&](Fields& fields) {
    fields.require("from");
    fields.require("to");
    fields.each("from", [&](const Node& item, const FieldPath& place) {
      Fields of(item, place, "ReferenceGrantFrom", problems);
      of.require("kind");
      of.require("namespace");
      spec.from.push_back({of.text_or("group"), of.text_or("kind"), of.text_or("namespace")});
      of.done();
    });
    fields.each("to", [&](const Node& item, const FieldPath& place) {
      Fields of(item, place, "ReferenceGrantTo", problems);
      of.require("kind");
      spec.to.push_back({of.text_or("group"), of.text_or("kind"), of.text_or("name")});
      of.done();
    });
  });
}

}  // namespace proa::mesh
