// config.rbac.v3.RBAC -> route::rbac::Policies, for the HTTP and the network filter.
#pragma once

#include <memory>

#include "config/site.h"
#include "envoy/config/rbac/v3/rbac.pb.h"
#include "route/rbac.h"

namespace proa::config {

class SupportedTable;

std::shared_ptr<const route::rbac::Policies> compile_rbac(const envoy::config::rbac::v3::RBAC& from, const Site& at);

void add_rbac_fields(SupportedTable& table);

}  // namespace proa::config
