// Access logs, their formats and filters, and the shaping of local replies.
#pragma once

#include <memory>
#include <vector>

#include "config/compiler.h"
#include "envoy/config/accesslog/v3/accesslog.pb.h"
#include "envoy/config/core/v3/substitution_format_string.pb.h"
#include "envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.pb.h"
#include "observe/access_log.h"
#include "proxy/local_reply_config.h"

namespace proa::config {

class SupportedTable;

std::vector<std::shared_ptr<const observe::AccessLog>> compile_access_logs(
    const google::protobuf::RepeatedPtrField<envoy::config::accesslog::v3::AccessLog>& from, const Site& at,
    Compiler& compiler);
/// Null after a problem.
observe::AccessLogFilterPtr compile_access_log_filter(const envoy::config::accesslog::v3::AccessLogFilter& from,
                                                      const Site& at);
proxy::LocalReplyConfig compile_local_replies(
    const envoy::extensions::filters::network::http_connection_manager::v3::LocalReplyConfig& from, const Site& at,
    Compiler& compiler);
/// Text or JSON for a body.
proxy::BodyFormat compile_body_format(const envoy::config::core::v3::SubstitutionFormatString& from, const Site& at);

void add_access_log_fields(SupportedTable& table);

}  // namespace proa::config
