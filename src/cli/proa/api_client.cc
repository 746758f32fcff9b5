#include "cli/proa/api_client.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <cstdlib>

#include "cli/proa/command.h"

namespace proa::cli {

std::string default_api_socket() {
  if (::geteuid() == 0) return "/run/proa-control/api";
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");
  if (runtime != nullptr && runtime[0] == '/') return std::string(runtime) + "/proa-control/api";
  const char* home = std::getenv("HOME");
  return std::string(home != nullptr ? home : "") + "/.proa/api";
}

void add_api_options(CLI::App& app, ControlAddress& control) {
  control.at = default_api_socket();
  control.name = "istiod.istio-system.svc";
  app.add_option(
         "--api", control.at,
         fmt::format("Unix socket of the control plane's API, or HOST:PORT of its --secure-api ({})", control.at))
      ->envname("PROA_API")
      ->option_text("ADDRESS");
  app.add_option("--identity", control.identity_file, "file of proa ca issue, to prove who asks over TLS")
      ->envname("PROA_IDENTITY")
      ->option_text("FILE");
  app.add_option("--control-name", control.name, "DNS name that its certificate must have (istiod.istio-system.svc)")
      ->option_text("NAME");
}

grpc::CallStatus may_ask(const ControlAddress& control) {
  if (control.at.starts_with('/') || !control.identity_file.empty()) return {};
  return {grpc::Code::kUnauthenticated,
          fmt::format("{} needs --identity: over a Unix socket alone it is clear who asks", control.at)};
}

int complain(const ControlAddress& control, const grpc::CallStatus& status) {
  struct stat info;
  if (control.at.starts_with('/') && status.code == grpc::Code::kUnavailable &&
      ::stat(control.at.c_str(), &info) != 0) {
    return complain(
        fmt::format("{}: no control plane with a store is there; start one by proa control --store DIR, or "
                    "say where it is by --api or PROA_API",
                    control.at));
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
