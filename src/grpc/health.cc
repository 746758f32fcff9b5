#include "grpc/health.h"

namespace proa::grpc {

namespace {

// A base-128 varint off the front of `bytes`; nullopt when it does not end within ten bytes.
std::optional<uint64_t> take_varint(std::string_view& bytes) {
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 70 && !bytes.empty(); shift += 7) {
    auto byte = static_cast<uint8_t>(bytes.front());
    bytes.remove_prefix(1);
    if (shift < 64) value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (!(byte & 0x80)) return value;
  }
  return std::nullopt;
}

}  // namespace

std::string encode_health_request(std::string_view service) {
  std::string out;
  if (service.empty()) return out;
  out.push_back('\x0a');  // field 1, length-delimited
  for (size_t size = service.size();; size >>= 7) {
    out.push_back(static_cast<char>(size < 0x80 ? size : (size & 0x7f) | 0x80));
    if (size < 0x80) break;
  }
  out.append(service);
  return out;
}

std::optional<ServingStatus> decode_health_response(std::string_view bytes) {
  auto status = ServingStatus::kUnknown;
  while (!bytes.empty()) {
    auto tag = take_varint(bytes);
    if (!tag) return std::nullopt;
    size_t skip = 0;
    switch (*tag & 7) {
      case 0: {
        auto value = take_varint(bytes);
        if (!value) return std::nullopt;
        if (*tag >> 3 == 1) status = *value <= 3 ? static_cast<ServingStatus>(*value) : ServingStatus::kUnknown;
        break;
      }
      case 1: skip = 8; break;
      case 2: {
        auto size = take_varint(bytes);
        if (!size) return std::nullopt;
        skip = *size;
        break;
      }
      case 5: skip = 4; break;
      default: return std::nullopt;
    }
    if (skip > bytes.size()) return std::nullopt;
    bytes.remove_prefix(skip);
  }
  return status;
}

}  // namespace proa::grpc
