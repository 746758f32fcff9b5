// Source: where objects come from. A folder of files, a store, a cluster: each says what there is and what changes.
//
// A new one (etcd, Kubernetes) is a folder below mesh/ with a class of this kind, and a line where cli/proa/mesh_folder lists the
// sources: the model, the translation and the push know no other word of it. It gives texts through read_documents(), so
// that origin, checks and messages are those of files. One over a network waits in start() for its first whole list: until
// then nothing is served, so that no proxy loses what merely has not come yet. What it loses sight of later it keeps as it
// was, and tells so by problems().
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "base/result.h"
#include "config/problems.h"
#include "mesh/source/document.h"

namespace proa::mesh {

struct SourceChange {
  /// New, changed, or only moved to another line (then with the same `contents`).
  std::vector<std::shared_ptr<const Document>> put{};
  std::vector<ObjectKey> removed{};

  bool empty() const { return put.empty() && removed.empty(); }
};

/// Used on one thread, which calls back.
class Source {
 public:
  using Changed = std::move_only_function<void(SourceChange)>;

  virtual ~Source() = default;

  /// Calls `changed` with all there is, before it returns, then with each change; one that is empty says that only
  /// problems() may have changed. Fails when there is nothing to read from (no such folder); what is wrong with single
  /// objects is in problems().
  virtual Status start(Changed changed) = 0;

  /// What is wrong now, by place. Objects of a broken file stay as they were when it was last readable.
  virtual std::vector<config::Problem> problems() const = 0;
};

}  // namespace proa::mesh
