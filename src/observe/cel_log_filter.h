// Which exchanges an access log is for, as an expression says (envoy.extensions.access_loggers.filters.cel.v3).
#pragma once

#include "observe/access_log_filter.h"
#include "observe/cel.h"

namespace proa::observe {

AccessLogFilterPtr cel_filter(CelExpression expression);

}  // namespace proa::observe
