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

// Calls varint(number, value) or text(number, bytes) for each field of those kinds; false when the bytes are no
// protobuf message.
template <class Varint, class Text>
bool read_fields(std::string_view bytes, Varint varint, Text text) {
  while (!bytes.empty()) {
    auto tag = take_varint(bytes);
    if (!tag) return false;
    size_t skip = 0;
    switch (*tag & 7) {
      case 0: {
        auto value = take_varint(bytes);
        if (!value) return false;
        varint(*tag >> 3, *value);
        break;
      }
      case 1: skip = 8; break;
      case 2: {
        auto size = take_varint(bytes);
        if (!size || *size > bytes.size()) return false;
        text(*tag >> 3, bytes.substr(0, *size));
        skip = *size;
        break;
      }
      case 5: skip = 4; break;
      default: return false;
    }
    if (skip > bytes.size()) return false;
    bytes.remove_prefix(skip);
  }
  return true;
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
  auto varint = [&](uint64_t field, uint64_t value) {
    if (field == 1) status = value <= 3 ? static_cast<ServingStatus>(value) : ServingStatus::kUnknown;
  };
  if (!read_fields(bytes, varint, [](uint64_t, std::string_view) {})) return std::nullopt;
  return status;
}

std::optional<std::string> decode_health_request(std::string_view bytes) {
  std::string service;
  auto text = [&](uint64_t field, std::string_view value) {
    if (field == 1) service = value;
  };
  if (!read_fields(bytes, [](uint64_t, uint64_t) {}, text)) return std::nullopt;
  return service;
}

std::string encode_health_response(ServingStatus status) {
  if (status == ServingStatus::kUnknown) return {};
  return {'\x08', static_cast<char>(status)};
}

}  // namespace proa::grpc
