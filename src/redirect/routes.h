// What a redirection needs beside rules: the way of TPROXY's packets to lo, and the proxy's IPv6 source address there.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "redirect/options.h"

namespace proa::redirect {

/// One thing that `ip` adds, shows and deletes.
struct Route {
  std::string what;               ///< "the route table 133 (IPv4)"
  std::vector<std::string> rest;  ///< of `ip FAMILY OBJECT add|del ...`
  std::string family, object;     ///< "-4", "rule"
  std::vector<std::string> show;  ///< of `ip FAMILY OBJECT show ...`
  std::string shown;              ///< part of the line by which it is known
  bool wanted;

  std::vector<std::string> command(const std::string& verb) const;
};

/// All that this program ever adds with these marks and tables; `wanted` says what the options ask for.
std::vector<Route> routes_of(const Options& options);

/// How often it is there.
Result<int> count_of(const Route& route);
/// Makes it be there once. Tells whether it had to be added.
Result<bool> add(const Route& route);
/// Makes it be gone. Tells whether it was there.
Result<bool> remove(const Route& route);

}  // namespace proa::redirect
