// proa redirect: rules of the kernel by which connections come to the sidecar.
#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <CLI/CLI.hpp>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "cli/proa/commands.h"
#include "cli/proa/redirect_options.h"
#include "net/fd.h"
#include "redirect/apply.h"
#include "redirect/check.h"

namespace proa::cli {
namespace {

int tell(const Result<std::vector<std::string>>& done, const char* nothing) {
  if (!done) return complain(done.error().message);
  for (const std::string& line : *done) std::puts(line.c_str());
  if (done->empty()) std::puts(nothing);
  return kExitOk;
}

Status enter(const std::string& file) {
  net::Fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd || ::setns(fd.get(), CLONE_NEWNET) != 0) {
    return fail(fmt::format("--network-namespace: {}: {}", file, std::strerror(errno)));
  }
  return {};
}

class RedirectCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& program) override {
    CLI::App* app = program.add_subcommand("redirect", "lead connections of this host or pod to its sidecar");
    app->require_subcommand(1);
    app->footer(examples({"proa redirect apply#all but ssh, by nftables",
                          "proa redirect apply -b 8080,9090 -x 10.0.0.0/8#two ports in, one network not out",
                          "proa redirect apply -m TPROXY --backend iptables --redirect-dns",
                          "proa redirect check#is it there, and as asked?", "proa redirect print -m TPROXY#only show",
                          "proa redirect clean#leave nothing"}));
    apply_ = add(
        *app, "apply", "make the redirection, or change it to what is asked, at once",
        {"proa redirect apply", "proa redirect apply -u istio-proxy -g istio-proxy -o 5432",
         "proa redirect apply --network-namespace /run/netns/shop",
         "unshare -Urn sh -c \"ip link set lo up; proa redirect apply -u '' -g '' --proxy-mark 1337\"#without root"});
    clean_ = add(*app, "clean", "remove all of it; marks and tables must be those of apply",
                 {"proa redirect clean", "proa redirect clean -t 99 -r 199"});
    check_ = add(*app, "check", "tell whether it is there and as asked; 1 when it is not",
                 {"proa redirect check", "proa redirect check -m TPROXY -b 8080"});
    print_ =
        add(*app, "print", "print what apply would load, and do nothing",
            {"proa redirect print", "proa redirect print --backend iptables --ipv6 off | iptables-restore --noflush"});
    return app;
  }

  int run() override {
    auto options = options_.options();
    if (!options) {
      complain(options.error().message);
      return kExitUsage;
    }
    if (!network_namespace_.empty() && !print_->parsed()) {
      if (auto entered = enter(network_namespace_); !entered) return complain(entered.error().message);
    }
    if (apply_->parsed()) return tell(redirect::apply(*options), "");
    if (clean_->parsed()) return tell(redirect::clean(*options), "nothing was there");
    if (check_->parsed()) return tell_findings(redirect::check(*options));
    std::fputs(redirect::print(*options).c_str(), stdout);
    return kExitOk;
  }

 private:
  CLI::App* add(CLI::App& parent, const char* name, const char* what, const std::vector<std::string>& lines) {
    CLI::App* app = parent.add_subcommand(name, what);
    options_.declare(*app);
    app->add_option("--network-namespace", network_namespace_, "of another one's, such as /run/netns/NAME")
        ->option_text("FILE");
    app->footer(examples(lines));
    return app;
  }

  static int tell_findings(const std::vector<redirect::Finding>& findings) {
    bool all_good = true;
    for (const redirect::Finding& finding : findings) {
      constexpr const char* kWords[] = {"ok  ", "note", "FAIL"};
      std::puts(fmt::format("{} {}", kWords[static_cast<size_t>(finding.level)], finding.what).c_str());
      if (!finding.fix.empty()) std::puts(fmt::format("     fix: {}", finding.fix).c_str());
      all_good &= finding.level != redirect::Finding::Level::bad;
    }
    return all_good ? kExitOk : kExitFailed;
  }

  RedirectOptions options_;
  std::string network_namespace_;
  CLI::App *apply_ = nullptr, *clean_ = nullptr, *check_ = nullptr, *print_ = nullptr;
};

}  // namespace

std::unique_ptr<Command> make_redirect_command() { return std::make_unique<RedirectCommand>(); }

}  // namespace proa::cli
