// Big-endian fields out of a byte string, never past its end.
#pragma once

#include <cstdint>
#include <string_view>

namespace proa::net {

/// A cursor. A read past the end gives zero or nothing and sets failed(), which stays set: check once at the end.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : bytes_(bytes) {}

  uint8_t u8() { return static_cast<uint8_t>(number(1)); }
  uint16_t u16() { return static_cast<uint16_t>(number(2)); }
  uint32_t u24() { return number(3); }
  uint32_t u32() { return number(4); }
  std::string_view bytes(size_t size) {
    if (size > bytes_.size()) {
      failed_ = true;
      bytes_ = {};
      return {};
    }
    std::string_view out = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return out;
  }
  /// A vector with a length of one or two bytes before it.
  std::string_view vector8() { return bytes(u8()); }
  std::string_view vector16() { return bytes(u16()); }
  bool empty() const { return bytes_.empty(); }
  bool failed() const { return failed_; }

 private:
  uint32_t number(size_t size) {
    uint32_t out = 0;
    for (char c : bytes(size)) out = out << 8 | static_cast<uint8_t>(c);
    return out;
  }
  std::string_view bytes_;
  bool failed_ = false;
};

}  // namespace proa::net
