#include "cli/proa/resource_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "config/config_file.h"
#include "config/rules.h"
#include "envoy/service/discovery/v3/discovery.pb.h"
#include "xds/type_url.h"

namespace proa::cli {
namespace {

namespace fs = std::filesystem;
using Response = envoy::service::discovery::v3::DiscoveryResponse;

// In the order of their names, so that problems are told in one order.
Result<std::vector<fs::path>> entries_of(const fs::path& directory, bool folders) {
  std::error_code error;
  std::vector<fs::path> out;
  for (fs::directory_iterator at(directory, error), end; !error && at != end; at.increment(error)) {
    const fs::path& path = at->path();
    if (path.filename().native().starts_with('.')) continue;
    static const std::set<std::string> kEndings{".yaml", ".yml", ".json", ".pb", ".pb_text"};
    if (folders ? at->is_directory() : at->is_regular_file() && kEndings.contains(path.extension()))
      out.push_back(path);
  }
  if (error) return fail(fmt::format("{}: {}", directory.string(), error.message()));
  std::ranges::sort(out);
  return out;
}

void read_file(const std::string& file, mesh::ResourceSet& set, config::Problems& problems) {
  Response response;
  config::Marks marks;
  config::read_config({.file = file, .yaml = {}}, response, marks, problems);
  const config::FieldPath root, list = root / "resources";
  const config::Site at(marks, problems, root);
  config::check_rules(response, at);
  for (int i = 0; i < response.resources_size(); ++i) {
    const config::FieldPath path = list[static_cast<size_t>(i)];
    const config::Site here(marks, problems, path);
    const google::protobuf::Any& any = response.resources(i);
    const Result<std::string> name = xds::resource_name(any);
    if (!name) {
      here.error(name.error().message);
      continue;
    }
    mesh::Origin origin{.object = {}, .file = file, .line = marks.find(path).line};
    auto [there, added] = set.types[any.type_url()].try_emplace(*name);
    if (!added) {
      here.error(fmt::format("is a second {} of the name {}; the first is in {}:{}", any.type_url(),
                             config::shown(*name), there->second->origin.file, there->second->origin.line));
      continue;
    }
    there->second = mesh::make_resource(*name, any.value(), std::move(origin));
  }
}

Status read_directory(const fs::path& directory, mesh::ResourceSet& set, config::Problems& problems) {
  auto files = entries_of(directory, false);
  if (!files) return std::unexpected(files.error());
  for (const fs::path& file : *files) read_file(file.string(), set, problems);
  return {};
}

}  // namespace

Result<ResourceFolder> ResourceFolder::read(const std::string& path) {
  ResourceFolder out;
  config::Problems problems;
  auto common = std::make_shared<mesh::ResourceSet>();
  if (Status read = read_directory(path, *common, problems); !read) return std::unexpected(read.error());
  out.directories_.push_back(path);
  auto folders = entries_of(path, true);
  if (!folders) return std::unexpected(folders.error());
  for (const fs::path& folder : *folders) {
    mesh::ResourceSet own;
    if (Status read = read_directory(folder, own, problems); !read) return std::unexpected(read.error());
    out.directories_.push_back(folder.string());
    auto merged = std::make_shared<mesh::ResourceSet>(*common);
    for (auto& [type, named] : own.types) {
      for (auto& [name, resource] : named) merged->types[type][name] = std::move(resource);
    }
    out.own_[folder.filename().string()] = std::move(merged);
  }
  if (!problems.ok()) return fail(problems.str());
  out.common_ = std::move(common);
  return out;
}

std::shared_ptr<const mesh::ResourceSet> ResourceFolder::of(const mesh::Node& node) const {
  for (const std::string& name : {node.id, node.cluster}) {
    if (auto own = own_.find(name); own != own_.end()) return own->second;
  }
  return common_;
}

size_t ResourceFolder::resources() const {
  size_t count = 0;
  auto add = [&](const mesh::ResourceSet& set) {
    for (const auto& [type, named] : set.types) count += named.size();
  };
  add(*common_);
  for (const auto& [name, set] : own_) add(*set);
  return count;
}

}  // namespace proa::cli
