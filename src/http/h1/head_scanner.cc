#include "http/h1/head_scanner.h"

#include "http/header_validity.h"

namespace proa::http::h1 {

HeadScanner::Result HeadScanner::scan(std::string_view input) {
  while (true) {
    scanned_ = find_control(input, scanned_);
    if (scanned_ == input.size()) return Result::kIncomplete;
    if (input[scanned_] == '\n') return refuse("http1.bare_lf");
    if (input[scanned_] != '\r') return refuse("http1.invalid_characters");
    if (scanned_ + 1 == input.size()) return Result::kIncomplete;
    if (input[scanned_ + 1] != '\n') return refuse("http1.bare_cr");
    bool empty_line = scanned_ == line_start_;
    scanned_ += 2;
    if (empty_line) return Result::kComplete;
    line_start_ = scanned_;
    ++lines_;
  }
}

}  // namespace proa::http::h1
