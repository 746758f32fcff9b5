// Reads the wire form of protobuf, for the few messages that are read outside of config/, which alone knows generated
// types (https://protobuf.dev/programming-guides/encoding/).
#pragma once

#include <cstdint>
#include <string_view>

namespace proa {

/// Goes over the fields of one message. Never past its end; what cannot be read ends it with failed().
///
///   for (ProtoReader fields(bytes); fields.next();) {
///     if (fields.is(1, ProtoReader::Wire::kBytes)) name = fields.bytes();
///   }
class ProtoReader {
 public:
  enum class Wire : uint8_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

  explicit ProtoReader(std::string_view message) : rest_(message) {}

  /// Steps to the next field; false at the end and after a fault.
  bool next() {
    if (rest_.empty() || failed_) return false;
    const uint64_t key = varint();
    field_ = key >> 3;
    wire_ = static_cast<Wire>(key & 7);
    switch (wire_) {
      case Wire::kVarint: number_ = varint(); break;
      case Wire::kFixed64: number_ = little_endian(take(8)); break;
      case Wire::kFixed32: number_ = little_endian(take(4)); break;
      case Wire::kBytes: bytes_ = take(varint()); break;
      default: failed_ = true;  // groups have been out of use for long
    }
    if (field_ == 0) failed_ = true;
    return !failed_;
  }
  bool is(uint64_t field, Wire wire) const { return field_ == field && wire_ == wire; }
  bool is_bytes(uint64_t field) const { return is(field, Wire::kBytes); }
  bool is_varint(uint64_t field) const { return is(field, Wire::kVarint); }
  uint64_t field() const { return field_; }
  /// Of any wire type but kBytes.
  uint64_t number() const { return number_; }
  /// Of kBytes: a string, or a message inside.
  std::string_view bytes() const { return bytes_; }
  bool failed() const { return failed_; }

 private:
  uint64_t varint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (rest_.empty()) break;
      const auto byte = static_cast<uint8_t>(rest_.front());
      rest_.remove_prefix(1);
      value |= uint64_t{byte & 0x7fU} << shift;
      if (byte < 0x80) return value;
    }
    failed_ = true;
    return 0;
  }
  std::string_view take(uint64_t size) {
    if (failed_ || size > rest_.size()) {
      failed_ = true;
      return {};
    }
    const std::string_view out = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return out;
  }
  static uint64_t little_endian(std::string_view bytes) {
    uint64_t value = 0;
    for (size_t i = bytes.size(); i-- > 0;) value = value << 8 | static_cast<uint8_t>(bytes[i]);
    return value;
  }

  std::string_view rest_;
  std::string_view bytes_;
  uint64_t field_ = 0;
  uint64_t number_ = 0;
  Wire wire_ = Wire::kVarint;
  bool failed_ = false;
};

}  // namespace proa
