// proa token: lets a host that has no certificate join the mesh.
#include <CLI/CLI.hpp>

#include <cstdio>

#include "cli/proa/commands.h"
#include "cli/proa/control_authority.h"
#include "mesh/ca/join_tokens.h"

namespace proa::cli {
namespace {

class TokenCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& program) override {
    CLI::App* app = program.add_subcommand("token", "print a token by which a host gets its first certificate");
    app->add_option("--ca", directory_, "folder of the authority, as given to proa control")
        ->required()
        ->check(CLI::ExistingDirectory)
        ->option_text("DIR");
    app->add_option("--namespace", name_space_, "namespace of the host's identity (default)")->option_text("NAME");
    app->add_option("--service-account", account_, "account of the host's identity")->required()->option_text("NAME");
    app->add_option("--trust-domain", trust_domain_, "as given to proa control (cluster.local)")->option_text("NAME");
    app->add_option("--ttl-s", ttl_s_, "seconds that it is good for, once (3600)")
        ->check(CLI::Range(int64_t{1}, int64_t{30 * 24 * 3600}))
        ->option_text("SECONDS");
    app->footer(examples({"proa token --ca /var/lib/proa/ca --namespace shop --service-account cart"}));
    return app;
  }

  int run() override {
    const mesh::SpiffeId id{trust_domain_, name_space_, account_};
    if (auto good = mesh::parse_spiffe_id(id.text()); !good) {
      complain(good.error().message);
      return kExitUsage;
    }
    mesh::JoinTokens tokens(token_folder(directory_));
    auto token = tokens.create(id, std::chrono::seconds(ttl_s_), std::chrono::system_clock::now());
    if (!token) return complain(token.error().message);
    std::puts(token->c_str());
    return kExitOk;
  }

 private:
  std::string directory_, name_space_ = "default", account_, trust_domain_ = "cluster.local";
  int64_t ttl_s_ = 3600;
};

}  // namespace

std::unique_ptr<Command> make_token_command() { return std::make_unique<TokenCommand>(); }

}  // namespace proa::cli
