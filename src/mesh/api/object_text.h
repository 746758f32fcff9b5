// object_text: an object as the API writes it, in the order of its author, with the metadata that the control plane keeps.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "mesh/source/document.h"

namespace proa::mesh {

/// What the control plane says of an object; what the text says of these instead does not count.
struct KeptMetadata {
  std::int64_t created = 0;            ///< seconds since 1970; 0: left out
  std::uint64_t resource_version = 0;  ///< 0: left out
};

/// One YAML document. Read again it is the same object, and written again the same text.
std::string object_text(const Document& document, const KeptMetadata& kept);

/// metadata.resourceVersion; empty: not written.
std::string_view resource_version_of(const Document& document);

}  // namespace proa::mesh
