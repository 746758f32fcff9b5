#include "xds/state_file.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <xxhash.h>

#include "net/private_file.h"

namespace proa::xds {

namespace {

// "proa xds 1", the hash of the rest in hexadecimal, a newline, and the resources as one message.
constexpr std::string_view kMagic = "proa xds 1 ";
constexpr size_t kHeader = kMagic.size() + 17;

std::string header_of(std::string_view bytes) {
  return fmt::format("{}{:016x}\n", kMagic, XXH64(bytes.data(), bytes.size(), 0));
}

}  // namespace

std::string state_path(const std::string& folder, const std::string& source,
                       const envoy::config::core::v3::Node& node) {
  const std::string key = fmt::format("{}\n{}\n{}", source, node.id(), node.cluster());
  return fmt::format("{}/xds-{:016x}.state", folder, XXH64(key.data(), key.size(), 0));
}

Status write_state(const std::string& path, const SavedResources& resources) {
  const std::string bytes = resources.SerializeAsString();
  return net::write_file(path, header_of(bytes) + bytes, 0600);
}

Result<std::optional<SavedState>> read_state(const std::string& path) {
  auto text = net::read_file(path);
  if (!text) return std::unexpected(text.error());
  if (!*text) return std::nullopt;
  const std::string_view all(**text);
  const std::string_view bytes = all.substr(std::min(kHeader, all.size()));
  SavedState out;
  if (all.substr(0, kHeader) != header_of(bytes) ||
      !out.resources.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return fail(path + ": is damaged");
  }
  struct stat info{};
  if (::stat(path.c_str(), &info) == 0) out.at = WallTime(std::chrono::seconds(info.st_mtime));
  return out;
}

}  // namespace proa::xds
