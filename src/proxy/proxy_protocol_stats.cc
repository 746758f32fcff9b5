#include "proxy/proxy_protocol_stats.h"

namespace proa::proxy {
namespace {

constexpr observe::StatDef kStats[] = {
#define PROA_X(id, name) {name},
    PROA_PROXY_PROTOCOL_STATS(PROA_X)
#undef PROA_X
};

}  // namespace

const observe::StatSchema kProxyProtocolSchema{"proxy_proto", kStats};

}  // namespace proa::proxy
