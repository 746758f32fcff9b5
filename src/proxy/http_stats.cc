#include "proxy/http_stats.h"

namespace proa::proxy {
namespace {

using observe::StatKind;

constexpr observe::Unit unit_of(std::string_view name) {
  return name.ends_with("_ms") || name.ends_with("_time") ? observe::Unit::kMilliseconds : observe::Unit::kNone;
}

constexpr observe::StatDef kStats[] = {
#define PROA_X(id, name, kind) {name, StatKind::k##kind, unit_of(name)},
    PROA_HTTP_STATS(PROA_X)
#undef PROA_X
};

constexpr std::string_view kStatusPrefixes[] = {"downstream_rq"};

}  // namespace

const observe::StatSchema kHttpSchema{"http", kStats, kStatusPrefixes};

}  // namespace proa::proxy
