// proa ca: the certificate authority of a mesh, in its folder.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <chrono>
#include <cstdio>
#include <filesystem>

#include "cli/proa/commands.h"
#include "mesh/agent/identity.h"
#include "mesh/ca/authority.h"

namespace proa::cli {
namespace {

constexpr const char* kRotate = "proa ca rotate --ca /var/lib/proa/ca";
constexpr const char* kIssue =
    "proa ca issue --ca /var/lib/proa/ca --namespace proa-system --service-account admin --out admin.pem";

class CaCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& program) override {
    CLI::App* app = program.add_subcommand("ca", "the certificate authority of the mesh");
    app->require_subcommand(1);
    declare_rotate(*app);
    declare_issue(*app);
    app->footer(examples({kRotate, kIssue}) + "\n\nproa ca COMMAND --help tells more of each.");
    return app;
  }

  int run() override {
    // open() would make an authority of an empty folder.
    if (!std::filesystem::exists(directory_ + "/ca-key.pem")) {
      return complain(fmt::format("{}: no authority is there: ca-key.pem is missing", directory_));
    }
    const WallTime now = std::chrono::system_clock::now();
    mesh::AuthorityOptions options{.directory = directory_, .trust_domain = trust_domain_};
    options.ttl = options.max_ttl = std::chrono::seconds(ttl_s_);
    auto authority = mesh::Authority::open(std::move(options), now);
    if (!authority) return complain(authority.error().message);
    if (issue_->parsed()) {
      const Status issued = issue(*authority, now);
      return issued ? kExitOk : complain(issued.error().message);
    }
    if (Status rotated = authority->rotate(now); !rotated) return complain(rotated.error().message);
    std::puts("a new root is trusted; the former one signs until everybody has heard of it");
    return kExitOk;
  }

 private:
  void add_folder_options(CLI::App& app) {
    app.add_option("--ca", directory_, "folder of the authority, as given to proa control")
        ->required()
        ->check(CLI::ExistingDirectory)
        ->option_text("DIR");
    app.add_option("--trust-domain", trust_domain_, "as given to proa control (cluster.local)")->option_text("NAME");
  }

  void declare_rotate(CLI::App& parent) {
    CLI::App* rotate = parent.add_subcommand("rotate", "begin to replace the root by a new one");
    add_folder_options(*rotate);
    rotate->footer(examples({kRotate}) +
                   "\n\nThe new root is trusted from now on. It signs after the life of a certificate, when everybody\n"
                   "has heard of it, and after another the former one is trusted no more. A control plane that runs\n"
                   "goes on with it by itself; proa certs --ca DIR tells how far it is.");
  }

  void declare_issue(CLI::App& parent) {
    issue_ = parent.add_subcommand("issue", "make a certificate and its key, for somebody who uses the API");
    add_folder_options(*issue_);
    issue_->add_option("--namespace", name_space_, "namespace of the identity (default)")->option_text("NAME");
    issue_->add_option("--service-account", account_, "account of the identity")->required()->option_text("NAME");
    issue_->add_option("--ttl-s", ttl_s_, "seconds that it is good for (86400)")
        ->check(CLI::Range(int64_t{1}, int64_t{365 * 24 * 3600}))
        ->option_text("SECONDS");
    issue_->add_option("--out", out_, "file for the key, the certificate and the roots, of mode 0600")
        ->required()
        ->option_text("FILE");
    issue_->footer(examples({kIssue, "proa get -A --api mesh:15013 --identity admin.pem#uses it"}) +
                   "\n\nWorkloads get theirs by proa sidecar, with keys that never leave their host.");
  }

  Status issue(mesh::Authority& authority, WallTime now) const {
    const mesh::SpiffeId id{trust_domain_, name_space_, account_};
    if (auto good = mesh::parse_spiffe_id(id.text()); !good) return std::unexpected(good.error());
    auto issued = authority.issue_for_server({}, id, now);
    if (!issued) return std::unexpected(issued.error());
    auto identity = mesh::make_identity(issued->certificate_pem + authority.roots_pem(), issued->key_pem, now);
    if (!identity) return std::unexpected(identity.error());
    return mesh::write_identity(out_, *identity);
  }

  CLI::App* issue_ = nullptr;
  std::string directory_, trust_domain_ = "cluster.local", name_space_ = "default", account_, out_;
  int64_t ttl_s_ = 24 * 3600;
};

}  // namespace

std::unique_ptr<Command> make_ca_command() { return std::make_unique<CaCommand>(); }

}  // namespace proa::cli
