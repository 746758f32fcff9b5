// proa certs: which certificates there are, and for how long.
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "cli/proa/certificate_list.h"
#include "cli/proa/columns.h"
#include "cli/proa/commands.h"
#include "cli/proa/object_print.h"
#include "cli/proa/structured.h"

namespace proa::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string time_text(WallTime time) {
  return fmt::format("{:%FT%TZ}", fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

class CertsCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& program) override {
    CLI::App* app = program.add_subcommand("certs", "list certificates of the authority and of proxies");
    app->add_option("--ca", directory_, "folder of the authority, as given to proa control")
        ->check(CLI::ExistingDirectory)
        ->option_text("DIR");
    app->add_option("--admin", admins_, "addresses of proxies' admin pages, or paths of Unix sockets")
        ->option_text("ADDRESS ...");
    add_output_option(*app, output_);
    app->footer(examples({"proa certs --ca /var/lib/proa/ca#what signs, what is trusted, and until when",
                          "proa certs --admin 127.0.0.1:15000#what a proxy has", "proa certs --ca ca/ -o json"}) +
                "\n\nExits with 1 when one has expired.");
    return app;
  }

  int run() override {
    if (directory_.empty() && admins_.empty()) {
      complain("certs needs --ca or --admin");
      return kExitUsage;
    }
    std::vector<ListedCertificate> all;
    const auto add = [&](Result<std::vector<ListedCertificate>> some) -> Status {
      if (!some) return std::unexpected(some.error());
      all.insert(all.end(), some->begin(), some->end());
      return {};
    };
    Status listed = directory_.empty() ? Status{} : add(certificates_of_authority(directory_));
    for (const std::string& admin : admins_) {
      if (listed) listed = add(certificates_of_proxy(admin));
    }
    if (!listed) return complain(listed.error().message);
    const WallTime now = std::chrono::system_clock::now();
    if (output_ == "table") {
      print_table(all, now);
    } else if (Status printed = print_structured("certificates", json_of(all), output_); !printed) {
      return complain(printed.error().message);
    }
    const bool expired = std::ranges::any_of(all, [&](const ListedCertificate& each) { return each.until <= now; });
    return expired ? complain("a certificate has expired") : kExitOk;
  }

 private:
  static void print_table(const std::vector<ListedCertificate>& all, WallTime now) {
    std::vector<std::vector<std::string>> rows{{"OF", "ROLE", "NAME", "UNTIL", "LEFT", "SERIAL"}};
    for (const ListedCertificate& each : all) {
      const auto left = std::chrono::duration_cast<std::chrono::seconds>(each.until - now).count();
      rows.push_back(
          {each.where, each.role, each.name, time_text(each.until), left <= 0 ? "EXPIRED" : age_of(left), each.serial});
    }
    Columns().print(rows);
  }

  static Json json_of(const std::vector<ListedCertificate>& all) {
    Json out = Json::array();
    for (const ListedCertificate& each : all) {
      out.push_back({{"of", each.where},
                     {"role", each.role},
                     {"name", each.name},
                     {"serial", each.serial},
                     {"validFrom", time_text(each.from)},
                     {"validUntil", time_text(each.until)}});
    }
    return out;
  }

  std::string directory_, output_ = "table";
  std::vector<std::string> admins_;
};

}  // namespace

std::unique_ptr<Command> make_certs_command() { return std::make_unique<CertsCommand>(); }

}  // namespace proa::cli
