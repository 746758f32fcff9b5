// Any document as a Bootstrap, then everything that is done to a configuration before it is compiled. What was read
// without an error prints as JSON that reads without an error again.
#include <cstdint>
#include <cstdlib>

#include "config/message_reader.h"
#include "config/redact.h"
#include "config/rules.h"
#include "config/supported.h"
#include "envoy/config/bootstrap/v3/bootstrap.pb.h"

namespace {

using namespace proa::config;
using envoy::config::bootstrap::v3::Bootstrap;

const SupportedTable& table() {
  static const SupportedTable table = [] {
    SupportedTable made;
    made.add(supported<Bootstrap>({"static_resources", "node"}));
    made.add(supported<Bootstrap::StaticResources>({"clusters", "listeners", "secrets"}));
    made.add(supported<envoy::config::listener::v3::Listener>({"name", "address", "filter_chains"}));
    made.add(supported<envoy::config::listener::v3::FilterChain>({"filters", "transport_socket"}));
    made.add(supported<envoy::config::listener::v3::Filter>({"name", "typed_config"}).must_know({"typed_config"}));
    return made;
  }();
  return table;
}

void read_again(const std::string& json) {
  Problems problems;
  Marks marks;
  Bootstrap again;
  const auto tree = read_json(json, "again", problems);
  if (!tree) std::abort();
  if (!tree->root().is_null()) read_message(tree->root(), again, marks, problems);
  if (!problems.ok()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Problems problems;
  Marks marks;
  Bootstrap bootstrap;
  const auto tree = read_yaml({reinterpret_cast<const char*>(data), size}, "input", problems, {.bytes = 1 << 16});
  if (!tree) return 0;
  read_message(tree->root(), bootstrap, marks, problems);
  if (problems.ok()) {
    if (const auto json = to_json(bootstrap)) read_again(*json);
  }
  const FieldPath root;
  const Site at(marks, problems, root);
  check_rules(bootstrap, at);
  check_supported(bootstrap, table(), true, at);
  redact(bootstrap);
  problems.str();
  return 0;
}
