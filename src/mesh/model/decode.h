// decode: a document as a typed object. Unknown fields, wrong values and what Istio's or Kubernetes' validation refuses
// are problems that name the object, the place, the field, the value and what to write.
#pragma once

#include <optional>

#include "config/problems.h"
#include "mesh/model/object.h"

namespace proa::mesh {

/// Nothing when there is an error; warnings do not hinder.
std::optional<AnyObject> decode(const Document& document, config::Problems& problems);

}  // namespace proa::mesh
