// What a filter would make of a request that nobody has sent: for those who ask where a request would go.
#pragma once

#include <string>

namespace proa::filters {

struct Foreseen {
  enum class What : unsigned char {
    kPass,
    kDeny,
    kAsk,  ///< somebody else, who is not asked now
  };
  What what = What::kPass;
  std::string why{};  ///< one clause: "no policy allows it"
};

}  // namespace proa::filters
