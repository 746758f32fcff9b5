// proa ca: the certificate authority of a mesh, in its folder.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <chrono>
#include <cstdio>
#include <filesystem>

#include "cli/proa/commands.h"
#include "mesh/ca/authority.h"

namespace proa::cli {
namespace {

class CaCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& program) override {
    CLI::App* app = program.add_subcommand("ca", "the certificate authority of the mesh");
    app->require_subcommand(1);
    CLI::App* rotate = app->add_subcommand("rotate", "begin to replace the root by a new one");
    rotate->add_option("--ca", directory_, "folder of the authority, as given to proa control")
        ->required()
        ->check(CLI::ExistingDirectory)
        ->option_text("DIR");
    rotate->add_option("--trust-domain", trust_domain_, "as given to proa control (cluster.local)")
        ->option_text("NAME");
    const std::string example = "proa ca rotate --ca /var/lib/proa/ca";
    rotate->footer(
        examples({example}) +
        "\n\nThe new root is trusted from now on. It signs after the life of a certificate, when everybody has heard "
        "of it,\n"
        "and after another the former one is trusted no more. A control plane that runs goes on with it by itself;\n"
        "proa certs --ca DIR tells how far it is.");
    app->footer(examples({example}) + "\n\nproa ca COMMAND --help tells more of each.");
    return app;
  }

  int run() override {
    // open() would make an authority of an empty folder.
    if (!std::filesystem::exists(directory_ + "/ca-key.pem")) {
      return complain(fmt::format("{}: no authority is there: ca-key.pem is missing", directory_));
    }
    const WallTime now = std::chrono::system_clock::now();
    auto authority = mesh::Authority::open({.directory = directory_, .trust_domain = trust_domain_}, now);
    if (!authority) return complain(authority.error().message);
    if (Status rotated = authority->rotate(now); !rotated) return complain(rotated.error().message);
    std::puts("a new root is trusted; the former one signs until everybody has heard of it");
    return kExitOk;
  }

 private:
  std::string directory_, trust_domain_ = "cluster.local";
};

}  // namespace

std::unique_ptr<Command> make_ca_command() { return std::make_unique<CaCommand>(); }

}  // namespace proa::cli
