// Source: where objects come from. A folder of files, a store, a cluster: each says what there is and what changes.
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
