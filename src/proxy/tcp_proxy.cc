#include "proxy/tcp_proxy.h"

namespace proa::proxy {
namespace {

using observe::StatKind;

constexpr observe::StatDef kStats[] = {
#define PROA_X(id, name, kind) {name, StatKind::k##kind},
    PROA_TCP_STATS(PROA_X)
#undef PROA_X
};

}  // namespace

const observe::StatSchema kTcpSchema{"tcp", kStats};

}  // namespace proa::proxy
