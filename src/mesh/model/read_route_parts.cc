#include "mesh/model/read_route_parts.h"

#include <fmt/format.h>
#include <google/protobuf/duration.pb.h>
#include <re2/re2.h>

#include <array>

#include "config/go_duration.h"
#include "mesh/source/names.h"

namespace proa::mesh {

using config::FieldPath;
using config::Node;
using config::Problems;

void read_spec(const Document& document, const FieldPath& path, std::string_view type, Problems& problems,
               const std::function<void(Fields&)>& read) {
  Fields fields(document.root, path, info(document.key.kind).name, problems);
  fields.ignore({"apiVersion", "kind", "metadata", "status"});
  if (!fields.has("spec")) fields.error("spec", "is missing");
  fields.object("spec", [&](const Node& node, const FieldPath& at) {
    Fields spec(node, at, type, problems);
    read(spec);
    spec.done();
  });
  fields.done();
}

Origin origin_at(const Document& document, const Node& node) {
  const config::Mark mark = node.mark();
  return {document.meta.origin.object, std::string(mark.file), mark.line, mark.column};
}

void read_ref(Fields& fields, ObjectRef& ref, std::string_view group, std::string_view kind) {
  ref.group = fields.text_or("group", group);
  ref.kind = fields.text_or("kind", kind);
  ref.ns = fields.text_or("namespace");
  fields.require("name");
  ref.name = fields.text_or("name");
}

ObjectRef read_object_ref(const Node& node, const FieldPath& path, Problems& problems, std::string_view group,
                          std::string_view kind) {
  Fields fields(node, path, "ObjectReference", problems);
  ObjectRef out;
  read_ref(fields, out, group, kind);
  fields.done();
  return out;
}

namespace {

void read_port(Fields& fields, std::uint32_t& port) {
  port = static_cast<std::uint32_t>(fields.number("port", 1, 65535).value_or(0));
}

/// All but done().
void read_backend(Fields& fields, BackendRef& out) {
  read_ref(fields, out, "", "Service");
  read_port(fields, out.port);
  if (out.port == 0 && out.group.empty() && out.kind == "Service" && !fields.has("port")) {
    fields.error("port", "is missing", "a Service is referred to with one of its ports");
  }
  out.weight = static_cast<std::uint32_t>(fields.number("weight", 0, 1'000'000).value_or(1));
}

std::vector<HeaderValue> read_header_values(Fields& fields, std::string_view name, Problems& problems) {
  std::vector<HeaderValue> out;
  fields.each(name, [&](const Node& item, const FieldPath& at) {
    Fields of(item, at, "HTTPHeader", problems);
    of.require("name");
    out.push_back({of.text_or("name"), of.text_or("value")});
    of.done();
  });
  return out;
}

HeaderChange read_header_change(const Node& node, const FieldPath& path, Problems& problems) {
  Fields fields(node, path, "HTTPHeaderFilter", problems);
  HeaderChange out;
  out.set = read_header_values(fields, "set", problems);
  out.add = read_header_values(fields, "add", problems);
  out.remove = fields.texts("remove");
  fields.done();
  return out;
}

std::optional<PathChange> read_path_change(Fields& fields, Problems& problems) {
  std::optional<PathChange> out;
  fields.object("path", [&](const Node& node, const FieldPath& at) {
    Fields of(node, at, "HTTPPathModifier", problems);
    of.require("type");
    const std::string type = of.one_of("type", {"ReplaceFullPath", "ReplacePrefixMatch"}).value_or("");
    const bool prefix = type == "ReplacePrefixMatch";
    const std::string_view used = prefix ? "replacePrefixMatch" : "replaceFullPath";
    const std::string_view other = prefix ? "replaceFullPath" : "replacePrefixMatch";
    out = PathChange{prefix, of.text_or(used)};
    if (!of.has(used)) of.error(used, fmt::format("is missing, as type is {}", type));
    if (of.has(other)) of.error(other, fmt::format("is set, but type is {}", type));
    of.done();
  });
  return out;
}

RequestRedirect read_redirect(const Node& node, const FieldPath& path, Problems& problems) {
  Fields fields(node, path, "HTTPRequestRedirectFilter", problems);
  RequestRedirect out;
  out.scheme = fields.one_of("scheme", {"http", "https"}).value_or("");
  out.hostname = fields.text_or("hostname");
  out.path = read_path_change(fields, problems);
  read_port(fields, out.port);
  const auto status = fields.number("statusCode", 300, 399);
  out.status = static_cast<std::uint32_t>(status.value_or(302));
  for (const std::uint32_t known : {301U, 302U, 303U, 307U, 308U}) {
    if (out.status == known) {
      fields.done();
      return out;
    }
  }
  fields.error("statusCode", fmt::format("is {}, which it cannot be", out.status), "write 301, 302, 303, 307 or 308");
  fields.done();
  return out;
}

RequestMirror read_mirror(const Node& node, const FieldPath& path, Problems& problems) {
  Fields fields(node, path, "HTTPRequestMirrorFilter", problems);
  RequestMirror out;
  fields.require("backendRef");
  fields.object("backendRef", [&](const Node& ref, const FieldPath& at) {
    Fields of(ref, at, "BackendObjectReference", problems);
    read_backend(of, out.backend);
    of.done();
  });
  if (const auto percent = fields.number("percent", 0, 100)) out.percent = static_cast<double>(*percent);
  fields.object("fraction", [&](const Node& fraction, const FieldPath& at) {
    Fields of(fraction, at, "Fraction", problems);
    of.require("numerator");
    const auto above = of.number("numerator", 0, INT32_MAX).value_or(0);
    const auto below = of.number("denominator", 1, INT32_MAX).value_or(100);
    if (above > below) of.error("numerator", fmt::format("is {}, more than the denominator {}", above, below));
    out.percent = 100.0 * static_cast<double>(above) / static_cast<double>(below);
    of.done();
  });
  if (fields.has("percent") && fields.has("fraction")) fields.error("fraction", "is set beside percent");
  fields.done();
  return out;
}

CorsFilter read_cors(const Node& node, const FieldPath& path, Problems& problems) {
  Fields fields(node, path, "HTTPCORSFilter", problems);
  CorsFilter out;
  out.allow_origins = fields.texts("allowOrigins");
  out.allow_methods = fields.texts("allowMethods");
  out.allow_headers = fields.texts("allowHeaders");
  out.expose_headers = fields.texts("exposeHeaders");
  out.allow_credentials = fields.boolean("allowCredentials").value_or(false);
  out.max_age_seconds = static_cast<std::uint32_t>(fields.number("maxAge", 1, INT32_MAX).value_or(5));
  fields.done();
  return out;
}

/// The types of filters, and the field in which each has its settings.
struct FilterType {
  std::string_view type;
  std::string_view field;
};
constexpr std::array<FilterType, 7> kFilters = {{{"RequestHeaderModifier", "requestHeaderModifier"},
                                                 {"ResponseHeaderModifier", "responseHeaderModifier"},
                                                 {"RequestMirror", "requestMirror"},
                                                 {"RequestRedirect", "requestRedirect"},
                                                 {"URLRewrite", "urlRewrite"},
                                                 {"CORS", "cors"},
                                                 {"ExtensionRef", "extensionRef"}}};

void read_filter(const Node& node, const FieldPath& path, RouteFilters& out, Problems& problems) {
  Fields fields(node, path, "HTTPRouteFilter", problems);
  fields.require("type");
  std::vector<std::string> types;
  for (const FilterType& filter : kFilters) types.emplace_back(filter.type);
  const std::string type = fields.one_of("type", types).value_or("");
  const auto settle = [&](auto& place, auto value) {
    if (place) fields.error("type", fmt::format("{} is there twice", type), "keep one");
    place = std::move(value);
  };
  for (const FilterType& filter : kFilters) {
    if (filter.type != type) {
      if (fields.has(filter.field) && !type.empty()) {
        fields.error(filter.field, fmt::format("is set, but type is {}", type));
      }
    } else if (!fields.has(filter.field)) {
      fields.error(filter.field, fmt::format("is missing, as type is {}", type));
    }
  }
  const auto on = [&](std::string_view wanted, std::string_view field, const Fields::Read& read) {
    if (type == wanted) fields.object(field, read);
  };
  on("RequestHeaderModifier", "requestHeaderModifier",
     [&](const Node& n, const FieldPath& at) { settle(out.request_headers, read_header_change(n, at, problems)); });
  on("ResponseHeaderModifier", "responseHeaderModifier",
     [&](const Node& n, const FieldPath& at) { settle(out.response_headers, read_header_change(n, at, problems)); });
  on("RequestMirror", "requestMirror",
     [&](const Node& n, const FieldPath& at) { out.mirrors.push_back(read_mirror(n, at, problems)); });
  on("RequestRedirect", "requestRedirect",
     [&](const Node& n, const FieldPath& at) { settle(out.redirect, read_redirect(n, at, problems)); });
  on("URLRewrite", "urlRewrite", [&](const Node& n, const FieldPath& at) {
    Fields of(n, at, "HTTPURLRewriteFilter", problems);
    UrlRewrite rewrite;
    rewrite.hostname = of.text_or("hostname");
    rewrite.path = read_path_change(of, problems);
    of.done();
    settle(out.rewrite, std::move(rewrite));
  });
  on("CORS", "cors", [&](const Node& n, const FieldPath& at) { settle(out.cors, read_cors(n, at, problems)); });
  on("ExtensionRef", "extensionRef",
     [&](const Node& n, const FieldPath& at) { out.extensions.push_back(read_object_ref(n, at, problems, "", "")); });
  fields.done();
}

}  // namespace

std::vector<ParentRef> read_parents(Fields& fields, Problems& problems) {
  std::vector<ParentRef> out;
  fields.each("parentRefs", [&](const Node& item, const FieldPath& at) {
    Fields of(item, at, "ParentReference", problems);
    ParentRef ref;
    read_ref(of, ref, "gateway.networking.k8s.io", "Gateway");
    ref.section = of.text_or("sectionName");
    read_port(of, ref.port);
    of.done();
    out.push_back(std::move(ref));
  });
  return out;
}

std::vector<std::string> read_hostnames(Fields& fields) {
  std::vector<std::string> out = fields.texts("hostnames");
  for (const std::string& name : out) {
    if (name == "*") {
      fields.error("hostnames", "holds \"*\", which is no host name here", "leave hostnames out to match all");
    } else if (const std::string wrong = not_a_wildcard_domain(name); !wrong.empty()) {
      fields.error("hostnames", wrong);
    }
  }
  return out;
}

std::vector<BackendRef> read_backends(Fields& fields, Problems& problems) {
  std::vector<BackendRef> out;
  fields.each("backendRefs", [&](const Node& item, const FieldPath& at) {
    Fields of(item, at, "BackendRef", problems);
    read_backend(of, out.emplace_back());
    of.done();
  });
  return out;
}

std::vector<RouteBackend> read_filtered_backends(Fields& fields, Problems& problems) {
  std::vector<RouteBackend> out;
  fields.each("backendRefs", [&](const Node& item, const FieldPath& at) {
    Fields of(item, at, "HTTPBackendRef", problems);
    RouteBackend& backend = out.emplace_back();
    read_backend(of, backend);
    backend.filters = read_filters(of, problems);
    of.done();
  });
  return out;
}

void check_regex(Fields& fields, std::string_view name, const std::string& regex) {
  const re2::RE2 compiled(regex, re2::RE2::Quiet);
  if (!compiled.ok()) {
    fields.error(name,
                 fmt::format("is {}, which is no regular expression: {}", config::shown(regex), compiled.error()));
  }
}

std::vector<NamedMatch> read_named_matches(Fields& fields, std::string_view name, Problems& problems) {
  std::vector<NamedMatch> out;
  fields.each(name, [&](const Node& item, const FieldPath& at) {
    Fields of(item, at, name == "headers" ? "HTTPHeaderMatch" : "HTTPQueryParamMatch", problems);
    NamedMatch match;
    of.require("name");
    match.name = of.text_or("name");
    match.value = of.text_or("value");
    if (of.one_of("type", {"Exact", "RegularExpression"}).value_or("Exact") != "Exact") {
      match.type = MatchType::regex;
      check_regex(of, "value", match.value);
    }
    of.done();
    out.push_back(std::move(match));
  });
  return out;
}

RouteFilters read_filters(Fields& fields, Problems& problems) {
  RouteFilters out;
  fields.each("filters", [&](const Node& item, const FieldPath& at) { read_filter(item, at, out, problems); });
  if (out.redirect && out.rewrite) fields.error("filters", "RequestRedirect and URLRewrite cannot stand together");
  return out;
}

std::optional<std::int64_t> read_milliseconds(Fields& fields, std::string_view name) {
  const std::optional<std::string> text = fields.text(name);
  if (!text) return std::nullopt;
  google::protobuf::Duration duration;
  const auto read = config::read_go_duration(*text, duration);
  if (!read) {
    fields.error(name, read.error().what, read.error().fix);
    return std::nullopt;
  }
  if (duration.seconds() < 0 || duration.nanos() < 0) {
    fields.error(name, fmt::format("is {}, but cannot be negative", config::shown(*text)));
    return std::nullopt;
  }
  return duration.seconds() * 1000 + duration.nanos() / 1'000'000;
}

}  // namespace proa::mesh
