// go_duration: durations as Go writes them, and with it Kubernetes' and Istio's objects: "1h30m", "1.5s", "500ms", "0".
#pragma once

#include <expected>
#include <string_view>

#include "config/well_known.h"

namespace proa::config {

/// What time.ParseDuration reads, within +-292 years.
std::expected<void, Misread> read_go_duration(std::string_view text, google::protobuf::Duration& out);

}  // namespace proa::config
