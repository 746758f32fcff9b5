#include "mesh/model/world_feed.h"

#include <fmt/format.h>

#include "mesh/model/decode.h"

namespace proa::mesh {

WorldFeed::WorldFeed(std::vector<std::unique_ptr<Source>> sources, std::string domain)
    : sources_(std::move(sources)), world_(World::empty(std::move(domain))) {}

WorldFeed::~WorldFeed() = default;

Status WorldFeed::start(Changed changed) {
  changed_ = std::move(changed);
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    const Status started = sources_[i]->start([this, i](SourceChange change) { take(i, std::move(change)); });
    if (!started) return started;
  }
  started_ = true;
  gathered_.world = world_;
  changed_(std::exchange(gathered_, {}));
  return {};
}

void WorldFeed::take(std::size_t source, SourceChange change) {
  std::set<ObjectKey> touched;
  for (auto& document : change.put) {
    const ObjectKey& key = document->key;
    touched.insert(key);
    documents_[key].insert_or_assign(source, std::move(document));
  }
  for (const ObjectKey& key : change.removed) {
    touched.insert(key);
    documents_[key].erase(source);
  }
  std::vector<AnyObject> put;
  std::vector<ObjectKey> removed;
  for (const ObjectKey& key : touched) {
    const auto of_key = documents_.find(key);
    of_key->second.size() > 1 ? (void)contested_.insert(key) : (void)contested_.erase(key);
    const auto known = contents_.find(key);
    if (of_key->second.empty()) {
      documents_.erase(of_key);
      problems_.erase(key);
      if (known == contents_.end()) continue;
      contents_.erase(known);
      removed.push_back(key);
      gathered_.changed.push_back(key);
      continue;
    }
    const auto& [first, document] = *of_key->second.begin();
    if (!document || first < source) continue;  // another source has it, and has the say
    config::Problems problems;
    std::optional<AnyObject> object = decode(*document, problems);
    problems_.erase(key);
    if (!problems.all().empty()) problems_.emplace(key, problems.all());
    if (object) {
      const bool same = known != contents_.end() && known->second == document->contents;
      (same ? gathered_.moved : gathered_.changed).push_back(key);
      contents_.insert_or_assign(key, document->contents);
      put.push_back(std::move(*object));
    }
    // Only where another source could step back is the text needed once more.
    if (sources_.size() == 1) of_key->second.begin()->second = nullptr;
  }
  if (!put.empty() || !removed.empty()) world_ = world_->with(std::move(put), removed);
  if (!started_) return;
  gathered_.world = world_;
  changed_(std::exchange(gathered_, {}));
}

std::vector<config::Problem> WorldFeed::problems() const {
  std::vector<config::Problem> out;
  for (const auto& source : sources_) {
    const std::vector<config::Problem> own = source->problems();
    out.insert(out.end(), own.begin(), own.end());
  }
  for (const auto& [key, problems] : problems_) out.insert(out.end(), problems.begin(), problems.end());
  for (const ObjectKey& key : contested_) {
    const auto& of_key = documents_.at(key);
    const Origin& first = of_key.begin()->second->meta.origin;
    for (auto other = std::next(of_key.begin()); other != of_key.end(); ++other) {
      out.push_back({.at = other->second->root.mark(),
                     .path = shown(key),
                     .what = fmt::format("is also in {}:{}, which counts", first.file, first.line),
                     .fix = "keep one of the two"});
    }
  }
  return out;
}

std::shared_ptr<const Document> WorldFeed::document(const ObjectKey& key) const {
  const auto found = documents_.find(key);
  return found == documents_.end() ? nullptr : found->second.begin()->second;
}

std::vector<std::shared_ptr<const Document>> WorldFeed::documents() const {
  std::vector<std::shared_ptr<const Document>> out;
  for (const auto& [key, of_key] : documents_) {
    if (of_key.begin()->second) out.push_back(of_key.begin()->second);
  }
  return out;
}

}  // namespace proa::mesh
