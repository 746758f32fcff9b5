// One question to a proxy's admin, for commands.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace proa::cli {

/// `at`: ADDRESS:PORT or the path of a Unix socket. The body of a 200; fails with `at` and what came instead.
Result<std::string> ask_admin(const std::string& at, std::string_view path);

}  // namespace proa::cli
