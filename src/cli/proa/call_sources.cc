#include "cli/proa/call_sources.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <chrono>
#include <thread>

#include "cli/proa/admin_call.h"

namespace proa::cli {

void add_proxy_words(CLI::App& app, std::vector<std::string>& proxies) {
  app.add_option("proxies", proxies, "their admins, addresses or paths of Unix sockets (127.0.0.1:15000)")
      ->option_text("[ADDRESS ...]");
}

Result<mesh::Calls> count_calls(const std::vector<std::string>& proxies) {
  const std::vector<std::string> usual = {"127.0.0.1:15000"};
  mesh::Calls out;
  for (const std::string& proxy : proxies.empty() ? usual : proxies) {
    auto text = ask_admin(proxy, "/stats/prometheus");
    if (!text) return std::unexpected(text.error());
    auto calls = mesh::read_calls(*text);
    if (!calls) return fail(fmt::format("{}/stats/prometheus: {}", proxy, calls.error().message));
    add(out, *calls);
  }
  return out;
}

Result<mesh::Calls> count_calls(const std::vector<std::string>& proxies, double seconds) {
  auto before = count_calls(proxies);
  if (!before || seconds == 0) return before;
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  auto now = count_calls(proxies);
  if (!now) return now;
  return since(*now, *before);
}

}  // namespace proa::cli
