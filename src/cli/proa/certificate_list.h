// certificate_list: the certificates of an authority's folder, and those that a proxy has.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace proa::cli {

struct ListedCertificate {
  std::string where;     ///< folder, or address of a proxy's admin pages
  std::string role;      ///< "signs", "trusted", "next"; of a proxy "own", "trusted"
  std::string name;      ///< the identity, a DNS name, or the subject
  std::string serial{};  ///< lower-case hex
  WallTime from{};
  WallTime until{};
};

/// What signs, what is trusted, and what will sign.
Result<std::vector<ListedCertificate>> certificates_of_authority(const std::string& directory);
/// What is in use now, by the proxy's own words. `admin`: HOST:PORT or the path of a Unix socket.
Result<std::vector<ListedCertificate>> certificates_of_proxy(const std::string& admin);

}  // namespace proa::cli
