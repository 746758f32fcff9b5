// What this proxy would do with a request.
#pragma once

#include "admin/page.h"
#include "proxy/explain.h"

namespace proa::admin {

/// As proxy::explain(), of the running server. Main thread.
Result<proxy::Explanation> explain(Admin& admin, const proxy::Question& question);

}  // namespace proa::admin
