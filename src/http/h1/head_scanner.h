// Finds where a head or a trailer section ends, and refuses every control character on the way.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace proa::http::h1 {

/// Lines end with CRLF only; the section ends with an empty line. Given the same bytes and more, it goes on where
/// it stopped: a head that arrives byte by byte is looked at once. After kComplete, every line of
/// input.substr(0, size()) is free of controls (HTAB excepted) and ends with CRLF.
class HeadScanner {
 public:
  enum class Result : uint8_t { kIncomplete, kComplete, kRefused };
  Result scan(std::string_view input);

  /// Bytes looked at; after kComplete the size of the section with its empty line.
  size_t size() const { return scanned_; }
  /// Complete lines, the empty one not counted.
  uint32_t lines() const { return lines_; }
  /// Static reason code after kRefused.
  std::string_view reason() const { return reason_; }

 private:
  Result refuse(std::string_view reason) {
    reason_ = reason;
    return Result::kRefused;
  }
  size_t scanned_ = 0;
  size_t line_start_ = 0;
  uint32_t lines_ = 0;
  std::string_view reason_;
};

}  // namespace proa::http::h1
