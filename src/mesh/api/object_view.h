// object_view: the objects of a control plane as its API shows them, whether of files or of the store.
#pragma once

#include <expected>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "grpc/status.h"
#include "mesh/api/objects.pb.h"
#include "mesh/model/world_feed.h"
#include "mesh/source/store_source.h"

namespace proa::mesh {

/// What a request asks for.
struct Selection {
  std::set<Kind> kinds{};  ///< none: all
  std::string ns{};        ///< empty: all
  bool texts = true;

  static std::expected<Selection, grpc::CallStatus> of(const proa::api::v1::ListRequest& request);
  bool has(const ObjectKey& key) const;
};

/// On the thread of the feed and the store, which outlive it.
class ObjectView {
 public:
  ObjectView(const WorldFeed& feed, const StoreSource& store) : feed_(feed), store_(store) {}

  /// As who has the say wrote it; null: there is none.
  std::shared_ptr<const Document> find(const ObjectKey& key) const;
  std::map<ObjectKey, std::shared_ptr<const Document>> all() const;
  void write(const Document& document, bool text, proa::api::v1::Object& out) const;

 private:
  const WorldFeed& feed_;
  const StoreSource& store_;
};

}  // namespace proa::mesh
