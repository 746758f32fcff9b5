#include "mesh/api/object_text.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "config/write_yaml.h"

namespace proa::mesh {

namespace {

constexpr std::string_view kName = "name", kNamespace = "namespace", kCreated = "creationTimestamp",
                           kVersion = "resourceVersion";

void write_metadata(const Document& document, const config::Node& metadata, const KeptMetadata& kept,
                    config::YamlWriter& writer) {
  writer.begin_mapping(0, "metadata");
  if (const auto name = metadata.find(kName)) writer.entry(2, kName, *name);
  const auto written = metadata.find(kNamespace);
  if (written && !written->is_null()) {
    writer.entry(2, kNamespace, *written);
  } else if (!document.key.ns.empty()) {
    writer.text(2, kNamespace, document.key.ns);
  }
  for (std::size_t i = 0; i < metadata.size(); ++i) {
    const std::string_view key = metadata.key(i).text();
    if (key == kName || key == kNamespace || key == kCreated || key == kVersion) continue;
    writer.entry(2, metadata.key(i), metadata.value(i));
  }
  if (kept.created != 0) writer.plain(2, kCreated, fmt::format("{:%FT%TZ}", fmt::gmtime(kept.created)));
  if (kept.resource_version != 0) writer.text(2, kVersion, std::to_string(kept.resource_version));
}

}  // namespace

std::string object_text(const Document& document, const KeptMetadata& kept) {
  config::YamlWriter writer;
  const config::Node& root = document.root;
  for (std::size_t i = 0; i < root.size(); ++i) {
    if (root.key(i).text() == "metadata") {
      write_metadata(document, root.value(i), kept, writer);
    } else {
      writer.entry(0, root.key(i), root.value(i));
    }
  }
  return writer.take();
}

std::string_view resource_version_of(const Document& document) {
  const auto metadata = document.root.find("metadata");
  const auto version = metadata ? metadata->find(kVersion) : std::nullopt;
  return version && version->is_scalar() && !version->is_null() ? version->text() : std::string_view();
}

}  // namespace proa::mesh
