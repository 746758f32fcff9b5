// How replies that the proxy makes itself are shaped: mappers by access-log filter, then a body format.
// Source: LocalReplyConfig and ResponseMapper of the HTTP connection manager.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "observe/access_log_filter.h"
#include "observe/formatter.h"
#include "route/header_ops.h"

namespace proa::proxy {

/// Text, or one JSON object.
struct BodyFormat {
  observe::Formatter text;
  std::optional<observe::JsonFormatter> json;
  std::string content_type = "text/plain";

  void format(const observe::StreamInfo& info, std::string& out) const {
    json ? json->format(info, out) : text.format(info, out);
  }
};

/// The first mapper whose filter matches is applied.
struct LocalReplyMapper {
  observe::AccessLogFilterPtr filter;
  uint16_t status = 0;               ///< 0: kept
  std::optional<std::string> body;   ///< replaces the text that the format then sees as %LOCAL_REPLY_BODY%
  std::optional<BodyFormat> format;  ///< overrides the common one
  std::shared_ptr<const route::HeaderOps> headers;
};

struct LocalReplyConfig {
  std::vector<LocalReplyMapper> mappers;
  std::optional<BodyFormat> format;
};

}  // namespace proa::proxy
