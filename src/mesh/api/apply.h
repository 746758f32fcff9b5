// apply: what a user's texts would do to the objects of the store, or why they may not.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "grpc/status.h"
#include "mesh/model/world_feed.h"
#include "mesh/source/store_source.h"

namespace proa::mesh {

struct ApplyText {
  std::string file;  ///< what the user calls it; JSON by its ending
  std::string text;
};

/// One object of the texts.
struct ApplyStep {
  ObjectKey key;
  std::string before;  ///< as it is stored; empty: it is not
  std::string after;   ///< as it would be

  bool created() const { return before.empty(); }
  bool changes() const { return before != after; }
};

struct ApplyPlan {
  std::vector<ApplyStep> steps;       ///< in the order of the texts
  std::vector<std::string> warnings;  ///< a line each

  std::vector<StoreSource::Change> changes() const;
};

/// Where the control plane has the objects that a request is about.
struct ApplyTarget {
  const WorldFeed& feed;
  const StoreSource& store;

  /// FILE:LINE of an object that a file has, which has the say; empty: none has it.
  std::string file_of(const ObjectKey& key) const;
};

/// All or nothing: with one problem anywhere there is no plan, but a status that names all of them. `ns` is for objects
/// that say none; empty: "default". `now`: seconds since 1970, when new objects are made.
std::expected<ApplyPlan, grpc::CallStatus> plan_apply(const std::vector<ApplyText>& texts, const std::string& ns,
                                                      const ApplyTarget& target, std::int64_t now);

/// A message for a status, which travels in a header: whole lines, up to a size.
std::string status_message(std::string text);

}  // namespace proa::mesh
