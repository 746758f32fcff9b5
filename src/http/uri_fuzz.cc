// Request targets and authorities: whatever is accepted is well-formed, and canonical after one pass.
#include "http/uri.h"

#include <cstdint>
#include <cstdlib>

using namespace proa;
using namespace proa::http;

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

void check_authority(std::string_view authority) {
  Arena arena;
  auto parts = parse_authority(authority);
  for (HostRules rules :
       {HostRules{}, HostRules{StripPort::kMatching, 80, true}, HostRules{StripPort::kAny, 0, false}}) {
    std::string_view once = canonical_authority(authority, rules, arena);
    require(once.size() <= authority.size());
    if (!parts) continue;
    require(once.find_first_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ") == once.npos);
    if (authority.find("..") == authority.npos) require(canonical_authority(once, rules, arena) == once);
  }
  if (parts) require(authority.find_first_of(std::string_view(" \t\r\n/@?#,\0", 10)) == authority.npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  for (Method method : {Method::kGet, Method::kConnect, Method::kOptions}) {
    RequestTarget target;
    if (!parse_request_target(input, method, target).empty()) continue;
    require(input.find_first_of(std::string_view(" #\t\r\n\0", 6)) == input.npos);
    if (target.form == TargetForm::kAuthority || target.form == TargetForm::kAbsolute) {
      require(is_authority(target.authority));
    }
    if (method != Method::kConnect) require(target.path.starts_with('/') || target.path == "*");
  }
  check_authority(input);
  return 0;
}
