#include "observe/time_format.h"

#include <ctime>

#include "base/number.h"

namespace proa::observe {
namespace {

constexpr size_t kMaxFormat = 1024;

struct Split {
  time_t seconds;
  uint32_t nanos;
};

Split split(WallTime time) {
  auto nanos = std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
  auto rest = nanos % 1'000'000'000;
  if (rest < 0) rest += 1'000'000'000;
  return {static_cast<time_t>((nanos - rest) / 1'000'000'000), static_cast<uint32_t>(rest)};
}

void append_fraction(uint32_t nanos, int digits, std::string& out) {
  char text[9];
  for (int i = 8; i >= 0; --i, nanos /= 10) text[i] = static_cast<char>('0' + nanos % 10);
  out.append(text, digits);
}

void append_default(WallTime time, std::string& out) {
  // Most lines of a thread fall into the same second.
  static thread_local time_t cached_second = -1;
  static thread_local char cached[32];
  static thread_local size_t cached_size = 0;
  auto [seconds, nanos] = split(time);
  if (seconds != cached_second || cached_size == 0) {
    tm parts{};
    gmtime_r(&seconds, &parts);
    cached_size = strftime(cached, sizeof cached, "%Y-%m-%dT%H:%M:%S.", &parts);
    cached_second = seconds;
  }
  out.append(cached, cached_size);
  append_fraction(nanos, 3, out);
  out += 'Z';
}

}  // namespace

Result<TimeFormat> TimeFormat::compile(std::string_view text, bool local) {
  if (text.size() > kMaxFormat) return fail("a time format is longer than 1024 bytes");
  TimeFormat result;
  result.local_ = local;
  std::string plain;
  auto flush = [&] {
    if (!plain.empty()) result.pieces_.push_back({std::move(plain), 0});
    plain.clear();
  };
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      plain += text[i];
      continue;
    }
    if (i + 1 == text.size()) return fail("time format \"" + std::string(text) + "\" ends with \"%\"");
    char next = text[i + 1];
    if (next == 'f') {
      flush();
      result.pieces_.push_back({"", 9});
      ++i;
    } else if (next >= '1' && next <= '9' && i + 2 < text.size() && text[i + 2] == 'f') {
      flush();
      result.pieces_.push_back({"", next - '0'});
      i += 2;
    } else {
      plain += '%';
      plain += next;
      ++i;
    }
  }
  flush();
  return result;
}

void TimeFormat::append(WallTime time, std::string& out) const {
  if (pieces_.empty() && !local_) return append_default(time, out);
  auto [seconds, nanos] = split(time);
  tm parts{};
  local_ ? localtime_r(&seconds, &parts) : gmtime_r(&seconds, &parts);
  for (const Piece& piece : pieces_) {
    if (piece.strftime.empty()) {
      append_fraction(nanos, piece.digits, out);
      continue;
    }
    // strftime's %s takes its struct for local time: put the number in by hand.
    std::string format = piece.strftime;
    for (size_t at = format.find('%'); at != std::string::npos && at + 1 < format.size();
         at = format.find('%', at + 2)) {
      if (format[at + 1] != 's') continue;
      format.replace(at, 2, std::to_string(seconds));
    }
    char text[4 * kMaxFormat];
    out.append(text, strftime(text, sizeof text, format.c_str(), &parts));
  }
}

}  // namespace proa::observe
