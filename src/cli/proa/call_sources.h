// call_sources: the proxies that a command asks for what they have counted.
#pragma once

#include <string>
#include <vector>

#include "mesh/traffic/calls.h"

namespace CLI {
class App;
}

namespace proa::cli {

/// The proxies' admins, as words of the command line.
void add_proxy_words(CLI::App& app, std::vector<std::string>& proxies);

/// Of all of them together. Fails with the first that does not answer.
Result<mesh::Calls> count_calls(const std::vector<std::string>& proxies);

/// What they count within `seconds`; 0: since they were started.
Result<mesh::Calls> count_calls(const std::vector<std::string>& proxies, double seconds);

}  // namespace proa::cli
