#include "mesh/source/store_source.h"

#include <fmt/format.h>

#include "mesh/source/yaml_documents.h"

namespace proa::mesh {

std::string store_key(const ObjectKey& key) {
  const KindInfo& kind = info(key.kind);
  return fmt::format("{}.{}/{}/{}", kind.name, kind.group, key.ns, key.name);
}

Status StoreSource::start(Changed changed) {
  changed_ = std::move(changed);
  SourceChange all;
  for (const auto& [key, entry] : store_.entries()) {
    config::Problems problems;
    if (auto document = read(entry.value, problems)) {
      documents_.insert_or_assign(document->key, document);
      all.put.push_back(std::move(document));
    }
    for (config::Problem problem : problems.all()) {
      problem.path = problem.path.empty() ? key : fmt::format("{}: {}", key, problem.path);
      problems_.push_back(std::move(problem));
    }
  }
  changed_(std::move(all));
  return {};
}

std::shared_ptr<const Document> StoreSource::read(std::string_view text, config::Problems& problems) const {
  auto documents = read_documents(text, store_.directory(), problems);
  if (!documents || documents->good.size() != 1 || !problems.ok()) return nullptr;
  return std::make_shared<const Document>(std::move(documents->good.front()));
}

Result<std::uint64_t> StoreSource::commit(const std::vector<Change>& changes) {
  SourceChange told;
  std::vector<StoreChange> stored;
  for (const Change& change : changes) {
    stored.push_back({store_key(change.key), change.text});
    if (!change.text) {
      told.removed.push_back(change.key);
      continue;
    }
    config::Problems problems;
    auto document = read(*change.text, problems);
    if (!document || document->key != change.key) {
      return fail(fmt::format("{} cannot be kept: {}", shown(change.key),
                              problems.ok() ? "its text is not that one object" : problems.str()));
    }
    told.put.push_back(std::move(document));
  }
  auto revision = store_.commit(std::move(stored));
  if (!revision || told.empty()) return revision;
  for (const auto& document : told.put) documents_.insert_or_assign(document->key, document);
  for (const ObjectKey& key : told.removed) documents_.erase(key);
  changed_(std::move(told));
  return revision;
}

std::uint64_t StoreSource::revision_of(const ObjectKey& key) const {
  const auto found = store_.entries().find(store_key(key));
  return found == store_.entries().end() ? 0 : found->second.revision;
}

}  // namespace proa::mesh
