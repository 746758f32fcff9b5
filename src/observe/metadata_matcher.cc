#include "observe/metadata_matcher.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "observe/metadata.h"

namespace proa::observe {
namespace {

using nlohmann::json;

struct Matches {
  const json* value;
  bool operator()(const ValueMatcher::Null&) const { return !value || value->is_null(); }
  bool operator()(const ValueMatcher::Present& m) const { return (value && !value->is_null()) == m.wanted; }
  bool operator()(bool wanted) const { return value && value->is_boolean() && value->get<bool>() == wanted; }
  bool operator()(const ValueMatcher::Number& m) const {
    if (!value || !value->is_number()) return false;
    double number = value->get<double>();
    return m.begin == m.end ? number == m.begin : number >= m.begin && number < m.end;
  }
  bool operator()(const http::StringMatcher& m) const {
    return value && value->is_string() && m.matches(value->get_ref<const std::string&>());
  }
  bool operator()(const ValueMatcher::OneOf& m) const {
    return value && value->is_array() && m.element &&
           std::any_of(value->begin(), value->end(), [&](const json& item) { return m.element->matches(&item); });
  }
  bool operator()(const ValueMatcher::AnyOf& m) const {
    return std::any_of(m.matchers.begin(), m.matchers.end(),
                       [&](const ValueMatcher& inner) { return inner.matches(value); });
  }
};

}  // namespace

bool ValueMatcher::matches(const json* value) const { return std::visit(Matches{value}, match); }

const Metadata* metadata_of(const StreamInfo& info, MetadataSource source) {
  switch (source) {
    case MetadataSource::kDynamic: return info.dynamic_metadata;
    case MetadataSource::kRoute: return info.route_metadata;
    case MetadataSource::kCluster: return info.cluster_metadata;
    case MetadataSource::kHost: return info.host_metadata;
    case MetadataSource::kFilterState: return info.filter_state;
  }
  return nullptr;
}

bool MetadataMatcher::matches(const StreamInfo& info) const {
  const Metadata* metadata = metadata_of(info, source);
  return value.matches(metadata ? metadata->find(space, path) : nullptr) != invert;
}

std::string MetadataMatcher::describe() const {
  std::string out = source == MetadataSource::kFilterState ? "filter state \"" : "metadata \"";
  out += space;
  for (const std::string& key : path) out += ":" + key;
  out += invert ? "\" must not match" : "\" must match";
  return out;
}

}  // namespace proa::observe
