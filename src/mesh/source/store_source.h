// StoreSource: the objects in the control plane's own store, each the text of one YAML document.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mesh/source/source.h"
#include "mesh/store/store.h"

namespace proa::mesh {

/// "VirtualService.networking.istio.io/shop/reviews": what the store calls an object.
std::string store_key(const ObjectKey& key);

/// Used on one thread; the store outlives it.
class StoreSource final : public Source {
 public:
  explicit StoreSource(Store& store) : store_(store) {}

  Status start(Changed changed) override;
  /// Objects that an older program took and this one cannot read.
  std::vector<config::Problem> problems() const override { return problems_; }

  struct Change {
    ObjectKey key;
    /// One document, which is of that key and can be read; nothing: the object goes.
    std::optional<std::string> text{};
  };
  /// All or nothing, each key once. When it returns it is on the disk and has been told; gives the revision.
  Result<std::uint64_t> commit(const std::vector<Change>& changes);

  /// What it has, whoever has the say.
  const std::map<ObjectKey, std::shared_ptr<const Document>>& documents() const { return documents_; }
  /// Of the commit that put the object; 0: it is not there.
  std::uint64_t revision_of(const ObjectKey& key) const;
  const std::string& directory() const { return store_.directory(); }

 private:
  std::shared_ptr<const Document> read(std::string_view text, config::Problems& problems) const;

  Store& store_;
  Changed changed_;
  std::map<ObjectKey, std::shared_ptr<const Document>> documents_;
  std::vector<config::Problem> problems_;
};

}  // namespace proa::mesh
