// The wire form of protobuf, for the few messages that are written outside of config/, which alone knows generated
// types (https://protobuf.dev/programming-guides/encoding/).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace proa::observe {

/// Appends fields to a text. As proto3 asks, callers leave out what has its default value.
class ProtoWriter {
 public:
  explicit ProtoWriter(std::string& out) : out_(out) {}

  void varint(unsigned field, uint64_t value) {
    raw_varint(uint64_t{field} << 3);
    raw_varint(value);
  }
  void fixed64(unsigned field, uint64_t value) {
    raw_varint(uint64_t{field} << 3 | 1);
    little_endian(value, 8);
  }
  void fixed32(unsigned field, uint32_t value) {
    raw_varint(uint64_t{field} << 3 | 5);
    little_endian(value, 4);
  }
  void bytes(unsigned field, std::string_view value) {
    raw_varint(uint64_t{field} << 3 | 2);
    raw_varint(value.size());
    out_.append(value);
  }
  /// A message inside: `write(ProtoWriter&)` appends its fields. Its length comes before it, so it is moved once.
  template <class Write>
  void message(unsigned field, Write write) {
    raw_varint(uint64_t{field} << 3 | 2);
    const size_t begin = out_.size();
    write(*this);
    std::string length;
    ProtoWriter(length).raw_varint(out_.size() - begin);
    out_.insert(begin, length);
  }

 private:
  void raw_varint(uint64_t value) {
    while (value >= 0x80) {
      out_.push_back(static_cast<char>(value | 0x80));
      value >>= 7;
    }
    out_.push_back(static_cast<char>(value));
  }
  void little_endian(uint64_t value, int size) {
    for (int i = 0; i < size; ++i) out_.push_back(static_cast<char>(value >> (8 * i)));
  }

  std::string& out_;
};

}  // namespace proa::observe
