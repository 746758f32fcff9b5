// A resource of a control plane as /config_dump shows it.
#pragma once

#include <string>

#include "base/clock.h"

namespace proa::xds {

struct ShownResource {
  std::string name;
  std::string version;
  std::string json;   ///< secrets withheld; empty: none was accepted
  std::string error;  ///< why the last one of that name was refused; empty: it was not
  WallTime refused_at{};
};

}  // namespace proa::xds
