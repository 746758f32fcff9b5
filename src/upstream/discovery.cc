#include "upstream/discovery.h"

namespace proa::upstream {

std::unique_ptr<Discovery> make_discovery(Cluster&) { return nullptr; }

}  // namespace proa::upstream
