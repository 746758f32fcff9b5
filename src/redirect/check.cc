#include "redirect/check.h"

#include <fmt/format.h>

#include <fstream>
#include <sstream>

#include "redirect/apply.h"
#include "redirect/ebpf.h"
#include "redirect/iptables_backend.h"
#include "redirect/nft_backend.h"
#include "redirect/routes.h"
#include "redirect/tool.h"

namespace proa::redirect {
namespace {

using Level = Finding::Level;

constexpr const char* kApply = "proa redirect apply, with the same options";

class Check {
 public:
  explicit Check(const Options& options) : options_(options), rules_(rules_of(options)) {}

  std::vector<Finding> run() {
    if (auto known = check_ids(options_); !known) bad(known.error().message, "change the option that is named");
    kernel();
    rules();
    for (const Route& route : routes_of(options_)) {
      if (route.wanted) one(route);
    }
    loopback();
    others();
    listener("--outbound-port", options_.outbound_port);
    if (options_.inbound_ports.all || !options_.inbound_ports.list.empty()) {
      listener("--inbound-port", options_.inbound_port);
    }
    return std::move(out_);
  }

 private:
  bool ebpf() const { return options_.mode == Mode::ebpf; }
  std::string with() const { return ebpf() ? "eBPF" : name_of(options_.backend); }
  bool nft() const { return options_.backend == Backend::nft; }
  void good(std::string what) { out_.push_back({Level::good, std::move(what)}); }
  void bad(std::string what, std::string fix) { out_.push_back({Level::bad, std::move(what), std::move(fix)}); }
  void note(std::string what, std::string fix) { out_.push_back({Level::note, std::move(what), std::move(fix)}); }

  void kernel() {
    const Status able = ebpf() ? ebpf_probe() : nft() ? nft_probe(rules_, options_) : iptables_probe(rules_, options_);
    if (able) return good(fmt::format("the kernel takes these rules, with {}", with()));
    if (ebpf()) return bad("the kernel does not take the programs: " + able.error().message, "write --mode REDIRECT");
    bad(fmt::format("the kernel does not take these rules: {}", able.error().message),
        nft()
            ? "see what nft says; where a kernel module is missing (nft_redir, nft_tproxy, nft_ct), load it, or write "
              "--backend iptables"
            : "see what iptables says; where a kernel module is missing (xt_REDIRECT, xt_TPROXY, xt_owner, xt_CT), "
              "load it, or write --backend nft");
  }

  void rules() {
    auto difference = ebpf()  ? ebpf_difference(options_)
                      : nft() ? nft_difference(rules_, options_)
                              : iptables_difference(rules_, options_);
    if (!difference) return bad("the rules cannot be read: " + difference.error().message, "see what it says");
    if (!difference->empty()) return bad("the rules are not as asked: " + *difference, kApply);
    good(fmt::format("the rules are as asked, in {}", with()));
  }

  void one(const Route& route) {
    auto count = count_of(route);
    if (!count) return bad(count.error().message, "see what it says");
    if (*count == 0) return bad(route.what + " is missing", kApply);
    good(route.what + " is there");
  }

  void loopback() {
    auto shown = run_tool({"ip", "-o", "link", "show", "dev", "lo", "up"});
    if (!shown) return bad(shown.error().message, "install it");
    if (shown->out.empty()) return bad("lo is down, and redirected connections go there", "ip link set lo up");
    good("lo is up");
  }

  void others() {
    bool istio = nft_has_istio();
    for (Backend kind : iptables_kinds()) istio |= iptables_has_istio(kind);
    if (istio) bad("rules of istio-iptables are there too", "pilot-agent istio-iptables --cleanup-only");
  }

  void listener(const char* option, uint16_t port) {
    for (const char* file : {"/proc/self/net/tcp", "/proc/self/net/tcp6"}) {
      std::ifstream in(file);
      std::stringstream text;
      text << in.rdbuf();
      if (listens(text.str(), port)) return good(fmt::format("something listens on port {} ({})", port, option));
    }
    note(fmt::format("nothing listens on port {} ({}): what is redirected there is refused", port, option),
         "start the sidecar, which `check` does not wait for");
  }

  const Options& options_;
  std::vector<Rule> rules_;
  std::vector<Finding> out_;
};

}  // namespace

std::vector<Finding> check(const Options& options) { return Check(options).run(); }

bool listens(std::string_view proc_net_tcp, uint16_t port) {
  // "   0: 0100007F:3A99 00000000:0000 0A ...": state 0A is LISTEN.
  const std::string local = fmt::format(":{:04X} ", port);
  while (!proc_net_tcp.empty()) {
    const size_t end = std::min(proc_net_tcp.find('\n'), proc_net_tcp.size());
    const std::string_view line = proc_net_tcp.substr(0, end);
    proc_net_tcp.remove_prefix(std::min(end + 1, proc_net_tcp.size()));
    const size_t at = line.find(local);
    if (at == std::string_view::npos) continue;
    const size_t state = line.find(' ', at + local.size());
    if (state != std::string_view::npos && line.substr(state + 1, 2) == "0A") return true;
  }
  return false;
}

}  // namespace proa::redirect
