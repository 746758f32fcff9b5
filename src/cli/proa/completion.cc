// proa completion: scripts for shells, made from the command tree itself, so that they never lag behind it.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <cstdio>
#include <functional>

#include "cli/proa/commands.h"

namespace proa::cli {
namespace {

using Texts = std::vector<std::string>;

Texts subcommands_of(const CLI::App& app) {
  Texts out;
  for (const CLI::App* sub : app.get_subcommands(nullptr)) out.push_back(sub->get_name());
  return out;
}

Texts options_of(const CLI::App& app) {
  Texts out;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_snames()) out.push_back("-" + name);
    for (const std::string& name : option->get_lnames()) out.push_back("--" + name);
  }
  return out;
}

// Calls visit(path, app) for `app` and all below it; the path of the program itself is empty.
void walk(const CLI::App& app, const std::string& path,
          const std::function<void(const std::string&, const CLI::App&)>& visit) {
  visit(path, app);
  for (const CLI::App* sub : app.get_subcommands(nullptr)) {
    walk(*sub, path.empty() ? sub->get_name() : path + " " + sub->get_name(), visit);
  }
}

// Inside single quotes of bash, zsh and fish alike: texts of ours have no single quote.
std::string quoted(std::string text) {
  std::erase(text, '\'');
  return "'" + text + "'";
}

// "path) words='...' subs='...' ;;" for each command: what may follow it, and which words lead further.
std::string cases(const CLI::App& program) {
  std::string out;
  walk(program, "", [&](const std::string& path, const CLI::App& app) {
    const Texts subs = subcommands_of(app), options = options_of(app);
    out += fmt::format("    {}) subs={} opts={} ;;\n", quoted(path), quoted(fmt::format("{}", fmt::join(subs, " "))),
                       quoted(fmt::format("{}", fmt::join(options, " "))));
  });
  return out;
}

// The words before the cursor that are subcommands make the path.
std::string bash(const CLI::App& program) {
  return "# bash completion of proa: source <(proa completion bash)\n"
         "_proa_words() {\n"
         "  case $1 in\n" +
         cases(program) +
         "  esac\n"
         "}\n"
         "_proa() {\n"
         "  local word=${COMP_WORDS[COMP_CWORD]} path='' subs='' opts='' i\n"
         "  _proa_words \"$path\"\n"
         "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
         "    if [[ -n $subs && \" $subs \" == *\" ${COMP_WORDS[i]} \"* ]]; then\n"
         "      path=\"${path:+$path }${COMP_WORDS[i]}\"\n"
         "      _proa_words \"$path\"\n"
         "    fi\n"
         "  done\n"
         "  if [[ $word == -* ]]; then\n"
         "    COMPREPLY=($(compgen -W \"$opts\" -- \"$word\"))\n"
         "  elif [[ -n $subs ]]; then\n"
         "    COMPREPLY=($(compgen -W \"$subs\" -- \"$word\"))\n"
         "  else\n"
         "    compopt -o filenames\n"
         "    COMPREPLY=($(compgen -f -- \"$word\"))\n"
         "  fi\n"
         "}\n"
         "complete -F _proa proa\n";
}

std::string zsh(const CLI::App& program) {
  return "#compdef proa\n"
         "# zsh completion of proa: proa completion zsh > \"${fpath[1]}/_proa\"\n"
         "_proa_words() {\n"
         "  case $1 in\n" +
         cases(program) +
         "  esac\n"
         "}\n"
         "_proa() {\n"
         "  local way='' subs='' opts='' i\n"
         "  _proa_words \"$way\"\n"
         "  for ((i = 2; i < CURRENT; i++)); do\n"
         "    if [[ -n $subs && \" $subs \" == *\" ${words[i]} \"* ]]; then\n"
         "      way=\"${way:+$way }${words[i]}\"\n"
         "      _proa_words \"$way\"\n"
         "    fi\n"
         "  done\n"
         "  if [[ ${words[CURRENT]} == -* ]]; then\n"
         "    compadd -- ${=opts}\n"
         "  elif [[ -n $subs ]]; then\n"
         "    compadd -- ${=subs}\n"
         "  else\n"
         "    _files\n"
         "  fi\n"
         "}\n"
         "compdef _proa proa\n";
}

std::string fish(const CLI::App& program) {
  std::string out = "# fish completion of proa: proa completion fish > ~/.config/fish/completions/proa.fish\n";
  walk(program, "", [&](const std::string& path, const CLI::App& app) {
    const Texts subs = subcommands_of(app);
    std::string condition = path.empty() ? "__fish_use_subcommand" : "__fish_seen_subcommand_from " + path;
    if (!path.empty() && !subs.empty()) {
      condition += fmt::format("; and not __fish_seen_subcommand_from {}", fmt::join(subs, " "));
    }
    for (const CLI::App* sub : app.get_subcommands(nullptr)) {
      out += fmt::format("complete -c proa -f -n {} -a {} -d {}\n", quoted(condition), quoted(sub->get_name()),
                         quoted(sub->get_description()));
    }
    for (const CLI::Option* option : app.get_options()) {
      std::string names;
      for (const std::string& name : option->get_snames()) names += " -s " + name;
      for (const std::string& name : option->get_lnames()) names += " -l " + name;
      out +=
          fmt::format("complete -c proa -n {}{} -d {}\n", quoted(condition), names, quoted(option->get_description()));
    }
  });
  return out;
}

class CompletionCommand final : public Command {
 public:
  explicit CompletionCommand(const CLI::App& program) : program_(program) {}

  CLI::App* declare(CLI::App& program) override {
    CLI::App* app = program.add_subcommand("completion", "print the completion script of a shell");
    app->add_option("shell", shell_, "bash, zsh or fish")
        ->required()
        ->check(CLI::IsMember({"bash", "zsh", "fish"}))
        ->option_text("SHELL");
    app->footer(examples({"source <(proa completion bash)#in this shell",
                          "proa completion fish > ~/.config/fish/completions/proa.fish#for good"}));
    return app;
  }

  int run() override {
    const std::string script = shell_ == "bash" ? bash(program_) : shell_ == "zsh" ? zsh(program_) : fish(program_);
    std::fputs(script.c_str(), stdout);
    return kExitOk;
  }

 private:
  const CLI::App& program_;
  std::string shell_;
};

}  // namespace

std::unique_ptr<Command> make_completion_command(const CLI::App& program) {
  return std::make_unique<CompletionCommand>(program);
}

}  // namespace proa::cli
