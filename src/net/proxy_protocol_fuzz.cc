// Any bytes: no crash; a header lies within the bytes, stays the same whatever follows it, and survives being written
// again.
#include <cstdlib>

#include "net/proxy_protocol.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace proa::net;
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  ProxyParse parse = parse_proxy_header(bytes);
  if (parse.state != ProxyParse::State::kDone) return 0;
  const ProxyHeader& header = parse.header;
  if (header.size > size) std::abort();
  if (parse_proxy_header(bytes.substr(0, header.size)).state != ProxyParse::State::kDone) std::abort();
  if (parse_proxy_header(bytes.substr(0, header.size - 1)).state == ProxyParse::State::kDone) std::abort();
  if (header.local) return 0;
  std::string written = header.version == 1 ? write_proxy_v1(header.source, header.destination)
                                            : write_proxy_v2(header.source, header.destination, header.tlvs);
  ProxyParse again = parse_proxy_header(written);
  if (again.header.source != header.source || again.header.destination != header.destination) std::abort();
  if (again.header.tlvs != header.tlvs) std::abort();
  return 0;
}
