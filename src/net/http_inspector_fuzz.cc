// Any bytes: no crash, and a verdict on a prefix holds for the whole.
#include <cstdlib>

#include "net/http_inspector.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace proa::net;
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  HttpInspection whole = inspect_http(bytes);
  HttpInspection half = inspect_http(bytes.substr(0, size / 2));
  if (half != HttpInspection::kNeedMore && half != whole && size < 64 * 1024) std::abort();
  return 0;
}
