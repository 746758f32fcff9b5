#include "xds/type_url.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include "base/utf8.h"
#include "google/protobuf/any.pb.h"

namespace proa::xds {

using google::protobuf::internal::WireFormatLite;

Result<std::string> resource_name(const google::protobuf::Any& resource) {
  const std::string& bytes = resource.value();
  google::protobuf::io::CodedInputStream in(reinterpret_cast<const uint8_t*>(bytes.data()),
                                            static_cast<int>(bytes.size()));
  constexpr uint32_t kName = WireFormatLite::MakeTag(1, WireFormatLite::WIRETYPE_LENGTH_DELIMITED);
  std::string name;
  while (const uint32_t tag = in.ReadTag()) {
    const bool good = tag == kName ? WireFormatLite::ReadString(&in, &name) : WireFormatLite::SkipField(&in, tag);
    if (!good) return fail("is no readable message");
  }
  if (!in.ConsumedEntireMessage()) return fail("is no readable message");
  if (name.empty()) return fail("has no name");
  if (invalid_utf8(name) != std::string::npos) return fail("has a name that is not UTF-8");
  return name;
}

}  // namespace proa::xds
