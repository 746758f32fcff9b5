#include "cli/proa/api_client.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <cstdlib>

#include "cli/proa/command.h"

namespace proa::cli {

std::string default_api_socket() {
  if (::geteuid() == 0) return "/run/proa/api";
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");
  if (runtime != nullptr && runtime[0] == '/') return std::string(runtime) + "/proa/api";
  const char* home = std::getenv("HOME");
  return std::string(home != nullptr ? home : "") + "/.proa/api";
}

void add_api_option(CLI::App& app, std::string& socket) {
  socket = default_api_socket();
  app.add_option("--api", socket, fmt::format("Unix socket of the control plane's API ({})", socket))
      ->envname("PROA_API")
      ->option_text("PATH");
}

int complain(const std::string& socket, const grpc::CallStatus& status) {
  struct stat info;
  if (status.code == grpc::Code::kUnavailable && ::stat(socket.c_str(), &info) != 0) {
    return complain(
        fmt::format("{}: no control plane with a store is there; start one by proa control --store DIR, or "
                    "say where it is by --api or PROA_API",
                    socket));
  }
  return complain(status.message);
}

std::string shown(const api::Name& name) {
  std::string kind = name.kind().kind();
  for (char& c : kind) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (!name.kind().group().empty()) kind += "." + name.kind().group();
  return fmt::format("{}/{}", kind, name.name());
}

}  // namespace proa::cli
