// proa edit: an object in an editor.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "cli/proa/api_client.h"
#include "cli/proa/commands.h"
#include "cli/proa/object_files.h"
#include "cli/proa/object_names.h"
#include "cli/proa/unified_diff.h"
#include "net/private_file.h"

namespace proa::cli {
namespace {

/// Lines that we wrote on top, which are told anew each time.
constexpr std::string_view kOurs = "## ";

std::string without_ours(std::string_view text) {
  while (text.starts_with(kOurs)) text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  return std::string(text);
}

std::string commented(std::string_view message) {
  std::string out;
  while (!message.empty()) {
    const std::string_view line = message.substr(0, message.find('\n'));
    out.append(kOurs).append(line) += '\n';
    message.remove_prefix(std::min(message.size(), line.size() + 1));
  }
  return out;
}

/// The lines that a message names ("NAME:3:5: ...") as they are below `more` lines on top.
std::string with_lines_moved(std::string_view message, const std::string& name, std::size_t more) {
  std::string out;
  while (!message.empty()) {
    std::string_view line = message.substr(0, message.find('\n'));
    message.remove_prefix(std::min(message.size(), line.size() + 1));
    std::size_t number = 0;
    if (line.starts_with(name + ":")) {
      const char* begin = line.data() + name.size() + 1;
      const auto [end, error] = std::from_chars(begin, line.data() + line.size(), number);
      if (error == std::errc()) {
        out += fmt::format("{}:{}", name, number + more);
        line.remove_prefix(static_cast<std::size_t>(end - line.data()));
      }
    }
    out.append(line) += '\n';
  }
  return out;
}

/// Runs $VISUAL or $EDITOR, which may have arguments of its own, and waits.
Status run_editor(const std::string& path) {
  const char* editor = std::getenv("VISUAL");
  if (editor == nullptr || editor[0] == '\0') editor = std::getenv("EDITOR");
  if (editor == nullptr || editor[0] == '\0') editor = "vi";
  const std::string command = fmt::format("{} \"$1\"", editor);
  const pid_t child = ::fork();
  if (child < 0) return fail(fmt::format("the editor cannot be started: {}", std::strerror(errno)));
  if (child == 0) {
    ::execl("/bin/sh", "sh", "-c", command.c_str(), "sh", path.c_str(), nullptr);
    ::_exit(127);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  return fail(fmt::format("the editor ({}) failed; choose one by EDITOR", editor));
}

class EditCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& program) override {
    CLI::App* app = program.add_subcommand("edit", "change an object in an editor");
    app->add_option("object", words_, "KIND NAME, or KIND/NAME")->required()->option_text("KIND NAME");
    app->add_option("-n,--namespace", namespace_, "of the object (default)")->option_text("NAME");
    add_api_options(*app, control_);
    app->footer(
        examples({"proa edit vs reviews -n shop", "EDITOR='code --wait' proa edit dr/reviews"}) +
        "\n\nThe editor is VISUAL, EDITOR or vi. What is saved is applied; if something is wrong with it, or somebody "
        "else\n"
        "has changed the object meanwhile, the editor comes again with the reason on top. Saving nothing new ends it;\n"
        "text that was not taken stays in its file.");
    return app;
  }

  int run() override {
    auto names = ObjectNames::parse(words_);
    if (!names || names->objects.size() != 1) {
      complain(names ? "edit needs one object: KIND NAME" : names.error().message);
      return kExitUsage;
    }
    const ObjectNames::One& one = names->objects.front();
    mesh::write_name({one.kind, mesh::info(one.kind).namespaced ? namespace_ : "", one.name}, name_);
    auto object = fetch();
    if (!object) return complain(control_, object.error());
    if (!object->file().empty())
      return complain(fmt::format("{} is in {}: edit it there", shown(name_), object->file()));
    if (Status made = make_file(object->text()); !made) return complain(made.error().message);
    return edit(object->text());
  }

 private:
  std::expected<api::Object, grpc::CallStatus> fetch() const {
    api::GetRequest request;
    *request.mutable_name() = name_;
    return call_api<api::Object>(control_, "Get", request);
  }

  Status make_file(const std::string& text) {
    std::error_code error;
    const std::filesystem::path folder = std::filesystem::temp_directory_path(error);
    if (error) return fail("no folder for the text: " + error.message());
    path_ = folder / "proa-edit-XXXXXX.yaml";
    const int fd = ::mkostemps(path_.data(), 5, O_CLOEXEC);  // of mode 0600
    if (fd < 0) return fail(fmt::format("{}: {}", path_, std::strerror(errno)));
    ::close(fd);
    return net::write_file(path_, text, 0600);
  }

  int edit(const std::string& original) {
    std::string refused = original;  // saving this again is giving up
    for (;;) {
      if (Status edited = run_editor(path_); !edited) return keep(edited.error().message);
      auto saved = read_object_files({path_}, false);
      if (!saved) return complain(saved.error().message);
      const std::string text = without_ours(saved->front().text);
      if (text == refused || text.find_first_not_of(" \n\t\r") == std::string::npos) {
        if (text != original) return keep("not applied: nothing new was saved");
        std::filesystem::remove(path_);
        std::puts("nothing was changed");
        return kExitOk;
      }
      api::ApplyRequest request;
      request.add_texts()->set_file(shown(name_));
      request.mutable_texts(0)->set_text(text);
      const auto response = call_api<api::ApplyResponse>(control_, "Apply", request);
      if (response) return done(*response);
      if (response.error().code == grpc::Code::kUnavailable) return keep(response.error().message);
      if (Status told = tell(response.error(), original, text); !told) return keep(told.error().message);
      refused = text;
    }
  }

  int done(const api::ApplyResponse& response) const {
    std::filesystem::remove(path_);
    for (const std::string& warning : response.warnings()) std::fputs((warning + "\n").c_str(), stderr);
    for (const api::Applied& each : response.applied()) {
      std::puts(
          fmt::format("{} {}", shown(each.name()), each.outcome() == api::Applied::UNCHANGED ? "unchanged" : "edited")
              .c_str());
    }
    return kExitOk;
  }

  /// The reason on top of the text. Of a conflict also what somebody else has changed.
  Status tell(const grpc::CallStatus& status, const std::string& original, const std::string& text) const {
    std::string reason = "not applied:\n" + status.message + "\n";
    if (status.code == grpc::Code::kAborted) {
      if (const auto now = fetch()) {
        reason += "\nWhat has changed meanwhile. Take over what you want of it, with its resourceVersion:\n" +
                  unified_diff(original, now->text(), "before", "now");
      }
    }
    const auto lines = static_cast<std::size_t>(std::ranges::count(reason, '\n'));
    const std::string on_top = commented(with_lines_moved(reason, shown(name_), lines));
    std::fputs((status.message + "\n").c_str(), stderr);
    return net::write_file(path_, on_top + text, 0600);
  }

  int keep(const std::string& why) const { return complain(fmt::format("{}; the text is in {}", why, path_)); }

  std::vector<std::string> words_;
  std::string namespace_ = "default", path_;
  ControlAddress control_;
  api::Name name_;
};

}  // namespace

std::unique_ptr<Command> make_edit_command() { return std::make_unique<EditCommand>(); }

}  // namespace proa::cli
