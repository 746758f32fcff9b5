// Where an object was written: what a NACK, `proa explain` and `proa config` show to people.
#pragma once

#include <cstdint>
#include <string>

namespace proa::mesh {

struct Origin {
  std::string object{};      ///< "VirtualService default/reviews"; empty: of no single object
  std::string file{};        ///< or where it came from else; empty: not known
  std::uint32_t line = 0;    ///< from 1; 0: not known
  std::uint32_t column = 0;  ///< from 1, in characters

  bool operator==(const Origin&) const = default;
};

/// "VirtualService default/reviews (mesh.yaml:12)".
std::string shown(const Origin& origin);

}  // namespace proa::mesh
