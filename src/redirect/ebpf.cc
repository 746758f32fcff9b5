#include "redirect/ebpf.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#ifdef PROA_HAVE_BPF
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <netinet/in.h>

#include <memory>

#include "redirect/ebpf_content.h"
#include "redirect/listener_search.h"

// The compiled programs.
__asm__(
    ".section .rodata\n"
    ".balign 8\n"
    ".global proa_bpf_begin, proa_bpf_end\n"
    "proa_bpf_begin:\n"
    ".incbin \"" PROA_BPF_OBJECT
    "\"\n"
    "proa_bpf_end:\n"
    ".byte 0\n"
    ".previous\n");
extern "C" const char proa_bpf_begin[], proa_bpf_end[];
#endif

namespace proa::redirect {
namespace {

namespace fs = std::filesystem;

/// Where the programs of this network namespace are kept.
fs::path pins(const Options& options) {
  struct stat netns{};
  ::stat("/proc/self/ns/net", &netns);
  return fs::path(options.bpffs) / fmt::format("proa-redirect-{}", netns.st_ino);
}

}  // namespace

Result<bool> ebpf_clean(const Options& options) {
  std::error_code failed;
  const fs::path folder = pins(options);
  if (!fs::exists(folder, failed)) return false;
  // The lookup first: what comes in goes to the application again, before its listener is forgotten.
  fs::remove(folder / "on_lookup", failed);
  fs::remove_all(folder, failed);
  if (failed) return fail(fmt::format("{}: {}; run as root", folder.string(), failed.message()));
  return true;
}

#ifndef PROA_HAVE_BPF

namespace {
constexpr const char* kNone =
    "--mode EBPF: this proa was built without clang or libbpf; install clang-19 and libbpf-dev, and build it anew";
}

Status ebpf_apply(const Options&) { return fail(kNone); }
Status ebpf_probe() { return fail(kNone); }
Result<std::string> ebpf_difference(const Options&) { return fail(kNone); }

#else

namespace {

struct Close {
  void operator()(bpf_object* object) const { ::bpf_object__close(object); }
  void operator()(bpf_link* link) const { ::bpf_link__destroy(link); }
};
using Object = std::unique_ptr<bpf_object, Close>;
using Link = std::unique_ptr<bpf_link, Close>;

constexpr const char* kNew = "_new";

std::string library_said;  // by libbpf, since the last take_said()

int listen_to_library(libbpf_print_level level, const char* format, va_list arguments) {
  if (level != LIBBPF_WARN || library_said.size() > 1000) return 0;
  char line[512];
  std::vsnprintf(line, sizeof line, format, arguments);
  library_said += line;
  return 0;
}

std::unexpected<Error> failed(const std::string& what) {
  const int error = errno;
  std::string why = fmt::format("{}: {}", what, std::strerror(error));
  if (!library_said.empty()) why += fmt::format(" ({})", library_said.substr(0, library_said.find('\n')));
  if (error == EPERM || error == EACCES)
    why += "; run as root of the host: it needs CAP_BPF, CAP_NET_ADMIN, CAP_SYS_ADMIN";
  return fail(why);
}

/// All but those of lo that no other host could have.
std::vector<net::Address> own_addresses() {
  std::vector<net::Address> out;
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return out;
  for (const ifaddrs* each = list; each; each = each->ifa_next) {
    if (!each->ifa_addr) continue;
    const int family = each->ifa_addr->sa_family;
    if (family != AF_INET && family != AF_INET6) continue;
    const auto size = family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
    const net::Address address = net::Address::from_sockaddr(each->ifa_addr, static_cast<socklen_t>(size));
    if (!address.is_loopback()) out.push_back(net::Address::from_bytes(address.bytes(), 0));
  }
  ::freeifaddrs(list);
  return out;
}

Result<Object> open_object() {
  library_said.clear();
  ::libbpf_set_print(listen_to_library);
  Object object(::bpf_object__open_mem(proa_bpf_begin, static_cast<size_t>(proa_bpf_end - proa_bpf_begin), nullptr));
  if (!object) return failed("opening the eBPF programs");
  return object;
}

int map_fd(const Object& object, const char* name) { return ::bpf_object__find_map_fd_by_name(object.get(), name); }

template <class Key>
bool put_all(int map, const std::vector<Key>& keys) {
  const uint8_t yes = 1;
  for (const Key& key : keys) {
    if (::bpf_map_update_elem(map, &key, &yes, BPF_ANY) != 0) return false;
  }
  return true;
}

Status fill(const Object& object, const EbpfContent& content) {
  const uint32_t zero = 0;
  const bool done =
      ::bpf_map_update_elem(map_fd(object, "config"), &zero, &content.config, BPF_ANY) == 0 &&
      put_all(map_fd(object, "said"), content.said) && put_all(map_fd(object, "included"), content.included) &&
      put_all(map_fd(object, "excluded"), content.excluded) && put_all(map_fd(object, "own"), content.own);
  if (!done) return failed("filling the maps of the eBPF programs");
  return {};
}

/// The port of the programs that are there; 0: there are none.
uint16_t inbound_port_before(const fs::path& folder) {
  const net::Fd map(::bpf_obj_get((folder / "config").c_str()));
  const uint32_t zero = 0;
  proa_config config{};
  if (map && ::bpf_map_lookup_elem(map.get(), &zero, &config) != 0) return 0;
  return static_cast<uint16_t>(config.inbound_port);
}

/// Those that listened before the programs were there to see it. What is known stays known, but for another port's.
void know_listeners(const Object& object, uint16_t port, const fs::path& folder) {
  const int map = map_fd(object, "listeners");
  if (inbound_port_before(folder) != port) {
    for (uint32_t key : {0U, 1U}) ::bpf_map_delete_elem(map, &key);
  }
  for (const FoundListener& found : find_listeners(port)) {
    const uint32_t key = found.ipv6;
    const uint64_t fd = static_cast<uint64_t>(found.fd.get());
    ::bpf_map_update_elem(map, &key, &fd, BPF_ANY);
  }
}

/// Beside what is there: NAME_new. A bpf file system takes no dots.
Status attach(const bpf_program* program, int cgroup, int netns, const fs::path& folder) {
  const bool lookup = ::bpf_program__type(program) == BPF_PROG_TYPE_SK_LOOKUP;
  Link link(lookup ? ::bpf_program__attach_netns(program, netns) : ::bpf_program__attach_cgroup(program, cgroup));
  const std::string name = ::bpf_program__name(program);
  if (!link) return failed(fmt::format("attaching {} to the {}", name, lookup ? "network namespace" : "cgroup"));
  const fs::path file = folder / (name + kNew);
  if (::bpf_link__pin(link.get(), file.c_str()) != 0) return failed("pinning " + file.string());
  return {};
}

Status check_places(const Options& options) {
  constexpr long kBpfFs = 0xcafe4a11, kCgroup2 = 0x63677270;
  struct statfs at{};
  if (::statfs(options.bpffs.c_str(), &at) != 0 || at.f_type != kBpfFs) {
    return fail(fmt::format("--bpffs: {0} is no bpf file system; mount -t bpf bpf {0}", options.bpffs));
  }
  if (::statfs(options.cgroup.c_str(), &at) != 0 || at.f_type != kCgroup2) {
    return fail(fmt::format("--cgroup: {} is no folder of cgroup2; write the workload's", options.cgroup));
  }
  return {};
}

Result<Object> load(const fs::path& folder) {
  auto object = open_object();
  if (!object) return object;
  // What connections and listeners are known by outlives a change of the programs.
  for (const char* name : {"wanted", "origins", "listeners"}) {
    if (folder.empty()) break;
    ::bpf_map__set_pin_path(::bpf_object__find_map_by_name(object->get(), name), (folder / name).c_str());
  }
  if (::bpf_object__load(object->get()) != 0) return failed("loading the eBPF programs");
  return object;
}

Status install(const Options& options, const fs::path& folder) {
  auto object = load(folder);
  if (!object) return std::unexpected(object.error());
  if (auto done = fill(*object, ebpf_content(options, own_addresses())); !done) return done;
  know_listeners(*object, options.inbound_port, folder);
  const net::Fd cgroup(::open(options.cgroup.c_str(), O_RDONLY | O_CLOEXEC));
  const net::Fd netns(::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
  if (!cgroup || !netns) return failed("opening " + options.cgroup);
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, object->get()) {
    if (auto done = attach(program, cgroup.get(), netns.get(), folder); !done) return done;
  }
  const fs::path config = folder / (std::string("config") + kNew);
  if (::bpf_obj_pin(map_fd(*object, "config"), config.c_str()) != 0) return failed("pinning " + config.string());
  return {};
}

/// NAME_new becomes NAME, and what had that name is detached; or, after a failure, all NAME_new go.
Status settle(const fs::path& folder, bool installed) {
  std::error_code error;
  std::vector<fs::path> fresh;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    if (entry.path().native().ends_with(kNew)) fresh.push_back(entry.path());
  }
  for (const fs::path& file : fresh) {
    if (!installed) {
      fs::remove(file, error);
      continue;
    }
    const std::string& name = file.native();
    fs::rename(file, name.substr(0, name.size() - std::strlen(kNew)), error);
    if (error) return fail(fmt::format("{}: {}", file.string(), error.message()));
  }
  return {};
}

}  // namespace

Status ebpf_apply(const Options& options) {
  if (auto good = check_places(options); !good) return good;
  const fs::path folder = pins(options);
  std::error_code error;
  const bool made = fs::create_directory(folder, error);
  if (error) return fail(fmt::format("{}: {}; run as root", folder.string(), error.message()));
  (void)settle(folder, false);  // left by one that was killed
  Status done = install(options, folder);
  if (auto settled = settle(folder, done.has_value()); done && !settled) return settled;
  if (!done && made) fs::remove_all(folder, error);
  return done;
}

Status ebpf_probe() {
  auto object = load({});
  if (!object) return std::unexpected(object.error());
  return {};
}

Result<std::string> ebpf_difference(const Options& options) {
  if (auto good = check_places(options); !good) return std::unexpected(good.error());
  const fs::path folder = pins(options);
  const net::Fd map(::bpf_obj_get((folder / "config").c_str()));
  if (!map) return fmt::format("there is nothing in {}", folder.string());
  const uint32_t zero = 0;
  proa_config is{};
  if (::bpf_map_lookup_elem(map.get(), &zero, &is) != 0) return failed("reading " + folder.string());
  const EbpfContent should = ebpf_content(options, own_addresses());
  if (is.fingerprint != should.config.fingerprint) {
    return std::string("they were made with other options, or this host had other addresses then");
  }
  auto object = open_object();
  if (!object) return std::unexpected(object.error());
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, object->get()) {
    const char* name = ::bpf_program__name(program);
    if (!net::Fd(::bpf_obj_get((folder / name).c_str()))) return fmt::format("{} is missing", name);
  }
  return std::string();
}

#endif

}  // namespace proa::redirect
