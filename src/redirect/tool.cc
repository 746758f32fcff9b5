#include "redirect/tool.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/number.h"
#include "net/fd.h"

namespace proa::redirect {
namespace {

/// Memory as a file: unlike a pipe it takes everything at once, so nobody waits for anybody.
Result<net::Fd> memory_file(std::string_view content) {
  net::Fd fd(::memfd_create("proa-redirect", MFD_CLOEXEC));
  if (!fd) return fail(fmt::format("memfd_create: {}", std::strerror(errno)));
  while (!content.empty()) {
    const ssize_t n = ::write(fd.get(), content.data(), content.size());
    if (n < 0) return fail(fmt::format("memfd: {}", std::strerror(errno)));
    content.remove_prefix(static_cast<size_t>(n));
  }
  ::lseek(fd.get(), 0, SEEK_SET);
  return fd;
}

std::string content_of(int fd) {
  std::string out;
  std::array<char, 16384> chunk;
  ::lseek(fd, 0, SEEK_SET);
  for (;;) {
    const ssize_t n = ::read(fd, chunk.data(), chunk.size());
    if (n <= 0) break;
    out.append(chunk.data(), static_cast<size_t>(n));
  }
  return out;
}

std::string package_of(std::string_view tool) {
  if (tool == "nft") return "nftables";
  if (tool == "ip") return "iproute2";
  return "iptables";
}

/// The number after the last "line " in what iptables-restore says, or after "/dev/stdin:" in what nft says.
std::optional<size_t> complained_line(std::string_view said) {
  for (std::string_view mark : {"/dev/stdin:", "line: ", "line "}) {
    const size_t at = said.find(mark);
    if (at == std::string_view::npos) continue;
    std::string_view digits = said.substr(at + mark.size());
    digits = digits.substr(0, digits.find_first_not_of("0123456789"));
    if (auto number = parse_decimal<uint32_t>(digits)) return *number;
  }
  return std::nullopt;
}

std::string line_number(std::string_view text, size_t number) {
  for (size_t at = 1; !text.empty(); ++at) {
    const size_t end = std::min(text.find('\n'), text.size());
    if (at == number) return std::string(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return {};
}

std::string hint_for(std::string_view said) {
  if (said.find("xtables.lock") != std::string_view::npos) {
    return "; set XTABLES_LOCKFILE to a file that this user may write";
  }
  if (said.find("ermission denied") != std::string_view::npos ||
      said.find("peration not permitted") != std::string_view::npos) {
    return "; it needs CAP_NET_ADMIN in this network namespace: run as root, or inside `unshare -Urn`";
  }
  if (said.find("Network is down") != std::string_view::npos) return "; lo is down: ip link set lo up";
  return {};
}

}  // namespace

std::optional<std::string> find_tool(std::string_view name) {
  if (name.find('/') != std::string_view::npos) return std::string(name);
  const char* path = std::getenv("PATH");
  const std::string folders = fmt::format("{}:/usr/local/sbin:/usr/sbin:/sbin", path ? path : "/usr/bin:/bin");
  std::string_view rest = folders;
  for (;;) {
    const size_t colon = rest.find(':');
    const std::string file = fmt::format("{}/{}", rest.substr(0, colon), name);
    if (file.front() == '/' && ::access(file.c_str(), X_OK) == 0) return file;
    if (colon == std::string_view::npos) return std::nullopt;
    rest.remove_prefix(colon + 1);
  }
}

Result<ToolOutput> run_tool(const std::vector<std::string>& argv, std::string_view input) {
  const auto program = find_tool(argv[0]);
  if (!program) return fail(fmt::format("{0} is not installed: apt install {1}", argv[0], package_of(argv[0])));
  auto in = memory_file(input), out = memory_file({}), err = memory_file({});
  if (!in || !out || !err) return std::unexpected((!in ? in : !out ? out : err).error());

  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, in->get(), STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, out->get(), STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, err->get(), STDERR_FILENO);
  std::vector<char*> words;
  for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  pid_t child = -1;
  const int failed = ::posix_spawn(&child, program->c_str(), &actions, nullptr, words.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) return fail(fmt::format("{}: {}", *program, std::strerror(failed)));

  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return fail(fmt::format("waiting for {}: {}", *program, std::strerror(errno)));
  }
  if (!WIFEXITED(status)) return fail(fmt::format("{} was killed by signal {}", *program, WTERMSIG(status)));
  return ToolOutput{WEXITSTATUS(status), content_of(out->get()), content_of(err->get())};
}

Result<std::string> demand_tool(const std::vector<std::string>& argv, std::string_view input) {
  auto done = run_tool(argv, input);
  if (!done) return std::unexpected(done.error());
  if (done->exit_code == 0) return std::move(done->out);
  std::string said = done->err.empty() ? done->out : done->err;
  while (said.ends_with('\n')) said.pop_back();
  std::string why = fmt::format("{}: {}", fmt::join(argv, " "), said.empty() ? "no word" : said);
  if (done->exit_code != 1) why += fmt::format(" (exit code {})", done->exit_code);
  if (auto number = complained_line(said); number && !input.empty()) {
    why += fmt::format("; its line {} was: {}", *number, line_number(input, *number));
  }
  return fail(why + hint_for(said));
}

}  // namespace proa::redirect
