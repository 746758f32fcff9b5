// Whether the redirection that is there is the one that is asked for, and what to do where it is not.
#pragma once

#include <string>
#include <vector>

#include "redirect/options.h"

namespace proa::redirect {

struct Finding {
  enum class Level : uint8_t { good, note, bad };
  Level level;
  std::string what;
  std::string fix{};  ///< of a note or something bad
};

/// Changes nothing that a packet could meet.
std::vector<Finding> check(const Options& options);

/// Of /proc/net/tcp or tcp6: whether anything listens on the port.
bool listens(std::string_view proc_net_tcp, uint16_t port);

}  // namespace proa::redirect
