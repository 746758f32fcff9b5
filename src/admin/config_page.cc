// The configuration in force, and what came of the last one that was read.
#include "admin/config_dump.h"
#include "admin/pages.h"

namespace proa::admin {
namespace {

std::vector<std::string> split(std::string_view list) {
  std::vector<std::string> parts;
  while (!list.empty()) {
    std::string_view part = list.substr(0, list.find(','));
    if (!part.empty()) parts.emplace_back(part);
    list.remove_prefix(std::min(list.size(), part.size() + 1));
  }
  return parts;
}

}  // namespace

Response config_dump_page(Admin& admin, const Request& request) {
  DumpQuery query{.resource = std::string(request.query.value("resource")),
                  .name_regex = std::string(request.query.value("name_regex")),
                  .mask = split(request.query.value("mask")),
                  .endpoints = request.query.has("include_eds"),
                  .loaded_at = std::nullopt};
  if (admin.context.loaded_at) query.loaded_at = admin.context.loaded_at();
  auto dump = dump_config(admin.context, query);
  if (!dump) return refuse(dump.error().status, dump.error().why);
  return json_response(*dump);
}

Response config_status_page(Admin& admin, const Request&) {
  if (!admin.context.load_report) return refuse(501, "this program does not say");
  return {.body = admin.context.load_report()};
}

}  // namespace proa::admin
