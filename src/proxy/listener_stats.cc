#include "proxy/listener_stats.h"

namespace proa::proxy {
namespace {

using observe::StatKind;

constexpr observe::StatDef kStats[] = {
#define PROA_X(id, name, kind) {name, StatKind::k##kind},
    PROA_LISTENER_STATS(PROA_X)
#undef PROA_X
};

}  // namespace

const observe::StatSchema kListenerSchema{"listener", kStats};

}  // namespace proa::proxy
