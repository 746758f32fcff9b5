#include "proxy/tls_inspector_stats.h"

namespace proa::proxy {
namespace {

constexpr observe::StatDef kStats[] = {
#define PROA_X(id, name) {name},
    PROA_TLS_INSPECTOR_STATS(PROA_X)
#undef PROA_X
};

}  // namespace

const observe::StatSchema kTlsInspectorSchema{"tls_inspector", kStats};

}  // namespace proa::proxy
