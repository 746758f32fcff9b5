// Finds where a head or a trailer section ends, and refuses every control character on the way.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace proa::http::h1 {

/// Lines end with CRLF only; the section ends with an empty line. Given the same bytes and more, it goes on where it
/// stopped, so a head that arrives byte by byte is looked at once. After kComplete, input.substr(0, size()) holds no
/// control but HTAB and CRLF, and ends with the empty line, the only one in it.
class HeadScanner {
 public:
  enum class Result : uint8_t { kIncomplete, kComplete, kTooLarge, kRefused };
  /// Looks at no byte above `max_size`: a section that does not end there is too large.
  Result scan(std::string_view input, size_t max_size = std::string_view::npos);

  /// After kComplete the size of the section with its empty line; before, the bytes known to be good.
  size_t size() const { return at_; }
  /// Static reason code after kRefused.
  std::string_view reason() const { return reason_; }

 private:
  Result scan_some(std::string_view input);
  size_t skip_plain(std::string_view input) const;
  Result complete(size_t size) {
    at_ = size;
    return Result::kComplete;
  }
  Result refuse(std::string_view reason) {
    reason_ = reason;
    return Result::kRefused;
  }

  size_t at_ = 0;  // every byte before it is good, and no line end before it is the last
  std::string_view reason_;
};

}  // namespace proa::http::h1
