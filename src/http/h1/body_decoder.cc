#include "http/h1/body_decoder.h"

#include <algorithm>
#include <cstring>

#include "base/number.h"
#include "http/header_validity.h"

namespace proa::http::h1 {
namespace {

constexpr Refusal kBadSize{400, "http1.invalid_chunk_size"};
constexpr Refusal kBadExtension{400, "http1.invalid_chunk_extension"};

}  // namespace

void BodyDecoder::start(BodyKind kind, uint64_t length, size_t max_trailer_bytes) {
  *this = BodyDecoder();
  kind_ = kind;
  remaining_ = kind == BodyKind::kLength ? length : 0;
  max_trailer_bytes_ = max_trailer_bytes;
}

BodyDecoder::Step BodyDecoder::decode(std::string_view input, Scratch scratch) {
  if (kind_ == BodyKind::kChunked) return decode_chunked(input, scratch);
  Step step;
  step.used = input.size();
  if (kind_ == BodyKind::kLength) {
    step.used = static_cast<size_t>(std::min<uint64_t>(remaining_, input.size()));
    remaining_ -= step.used;
    step.done = remaining_ == 0;
  }
  step.data = input.substr(0, step.used);
  return step;
}

// RFC 9112 section 7.1: one byte of "chunk-size [ chunk-ext ] CR LF". Extensions are tokens, "=", ";", white space
// and quoted strings; their exact order is of no interest, that they cannot hide a line end is.
Refusal BodyDecoder::size_line_byte(char c) {
  switch (state_) {
    case State::kSize:
      if (int digit = hex_digit(c); digit >= 0) {
        if (++digits_ > kMaxHexDigits) return kBadSize;
        remaining_ = remaining_ << 4 | static_cast<uint64_t>(digit);
        return {};
      }
      if (digits_ == 0 || (c != '\r' && c != ';')) return kBadSize;
      state_ = c == '\r' ? State::kSizeEnd : State::kExtension;
      return {};
    case State::kExtension:
      if (c == '\r') {
        state_ = State::kSizeEnd;
        return {};
      }
      if (c == '"')
        state_ = State::kQuoted;
      else if (!is_token_char(c) && !is_optional_space(c) && c != '=' && c != ';')
        return kBadExtension;
      break;
    case State::kQuoted:
      if (c == '"')
        state_ = State::kExtension;
      else if (c == '\\')
        state_ = State::kQuotedEscape;
      if (is_control(c)) return kBadExtension;
      break;
    case State::kQuotedEscape:
      if (is_control(c)) return kBadExtension;
      state_ = State::kQuoted;
      break;
    default: return kBadSize;
  }
  return ++extension_bytes_ > kMaxExtensionBytes ? Refusal{400, "http1.chunk_extensions_too_large"} : Refusal();
}

Refusal BodyDecoder::end_of_size() {
  // More than a signed 64-bit length is nobody's chunk; some recipients would wrap it.
  if (remaining_ > static_cast<uint64_t>(INT64_MAX)) return kBadSize;
  digits_ = 0;
  state_ = remaining_ ? State::kData : State::kTrailers;
  return {};
}

// False when more input is needed.
bool BodyDecoder::decode_trailers(std::string_view input, Step& step) {
  HeadScanner::Result result = scanner_.scan(input, max_trailer_bytes_);
  if (result == HeadScanner::Result::kRefused)
    step.refusal = {400, scanner_.reason()};
  else if (result == HeadScanner::Result::kTooLarge)
    step.refusal = {431, "http1.trailers_too_large"};
  if (step.refusal || result == HeadScanner::Result::kIncomplete) return false;
  if (scanner_.size() > 2) step.trailers = input.substr(0, scanner_.size());
  step.used += scanner_.size();
  step.done = true;
  return true;
}

BodyDecoder::Step BodyDecoder::decode_chunked(std::string_view input, Scratch scratch) {
  Step step;
  size_t gathered = 0;
  while (step.used < input.size()) {
    char c = input[step.used];
    switch (state_) {
      case State::kData: {
        std::string_view rest = input.substr(step.used);
        size_t n = static_cast<size_t>(std::min<uint64_t>(remaining_, rest.size()));
        if (n > kGatherBelow || n > scratch.size() - gathered) {
          if (gathered) goto out;  // what was gathered goes first
          step.data = rest.substr(0, n);
        } else {
          std::memcpy(scratch.data() + gathered, rest.data(), n);
          gathered += n;
        }
        step.used += n;
        remaining_ -= n;
        if (remaining_ == 0) state_ = State::kDataCr;
        if (!step.data.empty()) {
          // The usual last bytes are taken along, so that data and end are one event.
          if (remaining_ == 0 && input.substr(step.used) == "\r\n0\r\n\r\n") {
            step.used += 7;
            step.done = true;
          }
          return step;
        }
        continue;
      }
      case State::kDataCr:
        if (c != '\r') step.refusal = {400, "http1.invalid_chunk_end"};
        state_ = State::kDataLf;
        break;
      case State::kDataLf:
        if (c != '\n') step.refusal = {400, "http1.invalid_chunk_end"};
        state_ = State::kSize;
        break;
      case State::kSizeEnd: step.refusal = c == '\n' ? end_of_size() : kBadSize; break;
      case State::kTrailers: decode_trailers(input.substr(step.used), step); goto out;
      default: step.refusal = size_line_byte(c); break;
    }
    if (step.refusal) return step;
    ++step.used;
  }
out:
  if (gathered) step.data = {scratch.data(), gathered};
  return step;
}

}  // namespace proa::http::h1
