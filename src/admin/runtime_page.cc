// Runtime values: of the configuration's layers, and set by hand in its admin layer.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "admin/json_response.h"
#include "admin/pages.h"

namespace proa::admin {
namespace {

/// One layer of the configuration with its values as text.
struct Layer {
  std::string name;
  bool admin = false;
  std::map<std::string, std::string> values;
};

std::string value_text(const Json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

/// Nested objects spell dotted keys, but for a fractional percentage, which is one value.
void flatten(const std::string& prefix, const Json& object, std::map<std::string, std::string>& values) {
  for (const auto& [name, value] : object.items()) {
    std::string key = prefix.empty() ? name : fmt::format("{}.{}", prefix, name);
    if (value.is_object() && !value.contains("numerator")) {
      flatten(key, value, values);
    } else {
      values[key] = value_text(value);
    }
  }
}

/// Those of the configuration in force; the admin layer with what was set by hand.
std::vector<Layer> layers_of(Admin& admin) {
  std::vector<Layer> layers;
  const auto& dump = admin.server().snapshot().config_dump;
  Json bootstrap = dump ? Json::parse(dump(), nullptr, false) : Json();
  if (!bootstrap.is_object()) return layers;
  Json runtime = bootstrap.value("layered_runtime", Json::object());
  for (const Json& from : runtime.value("layers", Json::array())) {
    Layer layer{.name = from.value("name", std::string()), .admin = from.contains("admin_layer"), .values = {}};
    if (auto values = from.find("static_layer"); values != from.end()) flatten("", *values, layer.values);
    if (layer.admin) {
      for (const auto& [key, value] : admin.runtime.values(admin.server())) layer.values[key] = value;
    }
    layers.push_back(std::move(layer));
  }
  return layers;
}

}  // namespace

Response runtime_page(Admin& admin, const Request&) {
  const std::vector<Layer> layers = layers_of(admin);
  Json names = Json::array();
  std::map<std::string, std::vector<std::string>> entries;
  for (size_t i = 0; i < layers.size(); ++i) {
    names.push_back(layers[i].name);
    for (const auto& [key, value] : layers[i].values) {
      auto& values = entries[key];
      values.resize(layers.size());
      values[i] = value;
    }
  }
  Json json = Json::object();
  for (const auto& [key, values] : entries) {
    // Later layers win.
    auto last = std::find_if(values.rbegin(), values.rend(), [](const std::string& value) { return !value.empty(); });
    json[key] = {{"layer_values", values}, {"final_value", last == values.rend() ? "" : *last}};
  }
  return json_response({{"layers", std::move(names)}, {"entries", std::move(json)}});
}

Response runtime_modify_page(Admin& admin, const Request& request) {
  if (request.query.empty())
    return refuse(400, "usage: /runtime_modify?key1=value1&key2=value2; an empty value takes it back");
  if (!admin.context.publish_runtime) return refuse(501, "this program does not change its runtime");
  if (!std::ranges::any_of(layers_of(admin), &Layer::admin)) return refuse(503, "No admin layer specified");
  RuntimeLayer::Values values;
  for (const auto& [key, value] : request.query.all()) values[key] = value;
  admin.context.publish_runtime(admin.runtime.change(admin.server(), values));
  return {.body = "OK\n"};
}

}  // namespace proa::admin
