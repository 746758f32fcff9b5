#include "cli/proa/host_checks.h"

#include <fmt/format.h>
#include <pwd.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "cli/proa/sidecar_run.h"
#include "cli/version.h"
#include "redirect/ebpf.h"
#include "redirect/iptables_backend.h"
#include "redirect/nft_backend.h"
#include "redirect/rules.h"
#include "redirect/tool.h"

namespace proa::cli {

namespace {

using Level = redirect::Finding::Level;

constexpr uid_t kProxyUser = 1337;
constexpr rlim_t kEnoughFiles = 65'536;

void add(Findings& out, Level level, std::string what, std::string fix = {}) {
  out.push_back({level, std::move(what), level == Level::good ? std::string() : std::move(fix)});
}

std::string read(const char* file) {
  std::ifstream in(file);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

bool taken(uint16_t port) {
  return redirect::listens(read("/proc/net/tcp"), port) || redirect::listens(read("/proc/net/tcp6"), port);
}

void check_ports(std::initializer_list<std::pair<uint16_t, const char*>> ports, const char* who, Findings& out) {
  std::string free;
  for (const auto& [port, what] : ports) {
    if (taken(port)) {
      add(out, Level::bad, fmt::format("port {} of {} ({}) is taken", port, who, what),
          fmt::format("end what listens there (ss -ltnp 'sport = :{}'), unless it is the one that you mean", port));
    } else {
      free += fmt::format("{}{}", free.empty() ? "" : ", ", port);
    }
  }
  if (!free.empty()) add(out, Level::good, fmt::format("ports of {} are free: {}", who, free));
}

}  // namespace

void check_redirection(Findings& out) {
  utsname kernel{};
  ::uname(&kernel);
  const redirect::Options options;
  redirect::Options iptables = options;
  iptables.backend = redirect::Backend::iptables;
  const auto rules = redirect::rules_of(options);
  struct {
    const char* name;
    Status able;
  } const ways[] = {{"nftables", redirect::nft_probe(rules, options)},
                    {"iptables", redirect::iptables_probe(rules, iptables)},
                    {"eBPF", redirect::ebpf_probe()}};
  bool any = false;
  for (const auto& way : ways) any = any || way.able;
  for (const auto& way : ways) {
    if (way.able) {
      add(out, Level::good, fmt::format("Linux {} redirects connections by {}", kernel.release, way.name));
    } else {
      add(out, any ? Level::note : Level::bad,
          fmt::format("no redirection by {}: {}", way.name, way.able.error().message),
          any ? "the others do"
              : "run as root (or in a network namespace of your own: unshare -Urn), install nftables; or use no "
                "redirection: proa sidecar run --interception NONE");
    }
  }
}

void check_sidecar_ports(Findings& out) {
  check_ports({{15000, "admin"},
               {15001, "outbound"},
               {15006, "inbound"},
               {15020, "agent"},
               {15021, "readiness"},
               {15090, "metrics"}},
              "a sidecar", out);
}

void check_control_ports(Findings& out) {
  check_ports({{15010, "--xds"}, {15012, "--secure-xds"}}, "a control plane", out);
}

void check_proxy_user(Findings& out) {
  const passwd* user = ::getpwuid(kProxyUser);
  if (user == nullptr) {
    add(out, Level::good, fmt::format("user {} is nobody else's", kProxyUser));
  } else if (std::strcmp(user->pw_name, "istio-proxy") == 0 || std::strcmp(user->pw_name, "proa") == 0) {
    add(out, Level::good, fmt::format("user {} is {}", kProxyUser, user->pw_name));
  } else {
    add(out, Level::bad,
        fmt::format("user {} is {}: what it sends would pass by the sidecar", kProxyUser, user->pw_name),
        "use another one for the proxy: proa sidecar run --proxy-user ID and proa redirect apply -u ID -g ID");
  }
  if (::geteuid() == 0 || ::geteuid() == kProxyUser) return;
  add(out, Level::note, fmt::format("you are user {}, and cannot start the proxy as {}", ::geteuid(), kProxyUser),
      "run as root, or use no redirection: --interception NONE");
}

void check_clock(Findings& out) {
  timex state{};
  const int answer = ::adjtimex(&state);
  // Nobody keeps a clock before this program was made.
  constexpr std::time_t kMade = 1'767'225'600;  // 2026-01-01
  const char* fix = "let chrony or systemd-timesyncd set it: timedatectl set-ntp true";
  if (std::time(nullptr) < kMade) return add(out, Level::bad, "the clock is wrong: it is before 2026", fix);
  if (answer < 0 || (state.status & STA_UNSYNC) != 0) {
    return add(out, Level::note, "nobody sets the clock of this host; certificates are refused when it is minutes off",
               fix);
  }
  add(out, Level::good, "the clock is set by a server");
}

void check_open_files(Findings& out) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const bool enough = limit.rlim_cur >= kEnoughFiles;
  const std::string count = limit.rlim_cur == RLIM_INFINITY ? "any number of" : std::to_string(limit.rlim_cur);
  add(out, enough ? Level::good : Level::note, fmt::format("a process may have {} files and connections", count),
      fmt::format("for more than some hundred connections: ulimit -n {}, or LimitNOFILE={} in the unit", kEnoughFiles,
                  kEnoughFiles));
}

void check_proxy_program(Findings& out) {
  const std::string program = default_proxy();
  const auto told = redirect::run_tool({program, "--version"});
  if (!told || told->exit_code != 0) {
    return add(out, Level::bad,
               fmt::format("{} does not start: {}", program, told ? told->err : std::string("it is not there")),
               "put proa-proxy beside proa or into PATH, or name it: proa sidecar run --proxy PROGRAM");
  }
  const bool same = told->out.find(kVersion) != std::string::npos;
  std::string version = told->out.substr(0, told->out.find('\n'));
  add(out, same ? Level::good : Level::bad, fmt::format("{} is {}", program, version),
      fmt::format("this is proa {}: install both of one version", kVersion));
}

void check_secret_file(const std::string& file, Findings& out) {
  struct stat found{};
  if (::stat(file.c_str(), &found) != 0) {
    return add(out, Level::bad, fmt::format("{}: {}", file, std::strerror(errno)),
               "give the path of a file that is there");
  }
  if (!S_ISREG(found.st_mode)) return add(out, Level::bad, file + " is no file", "give the path of a file");
  if (found.st_uid != ::geteuid() && found.st_uid != 0) {
    return add(out, Level::bad, fmt::format("{} belongs to user {}", file, found.st_uid),
               fmt::format("chown {} {}", ::geteuid(), file));
  }
  const unsigned mode = found.st_mode & 0777;
  add(out, (mode & 077) == 0 ? Level::good : Level::bad, fmt::format("{} has mode {:04o}", file, mode),
      "chmod 600 " + file);
}

void check_authority(const std::string& directory, Findings& out) {
  namespace fs = std::filesystem;
  struct stat found{};
  if (::stat(directory.c_str(), &found) != 0 || !S_ISDIR(found.st_mode)) {
    return add(out, Level::bad, directory + " is no folder",
               fmt::format("proa control --ca {} makes it, with a new authority", directory));
  }
  const unsigned mode = found.st_mode & 0777;
  add(out, (mode & 022) == 0 ? Level::good : Level::bad, fmt::format("{} has mode {:04o}", directory, mode),
      "chmod 700 " + directory);
  check_secret_file((fs::path(directory) / "ca-key.pem").string(), out);
  for (const char* name : {"root-cert.pem", "ca-cert.pem"}) {
    const std::string file = (fs::path(directory) / name).string();
    const bool readable = ::access(file.c_str(), R_OK) == 0;
    add(out, readable ? Level::good : Level::bad, fmt::format("{} is {}", file, readable ? "there" : "not readable"),
        "restore it: without it the authority does not start");
  }
}

}  // namespace proa::cli
