#include "http/date.h"

#include <array>
#include <cstring>

#include "base/number.h"

namespace proa::http {
namespace {

constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
struct Cache {
  std::chrono::sys_seconds second = std::chrono::sys_seconds::min();
  std::array<char, kHttpDateSize> text;
};

void put(char* to, std::string_view text) { std::memcpy(to, text.data(), text.size()); }
void put_two(char* to, unsigned value) {
  to[0] = static_cast<char>('0' + value / 10 % 10);
  to[1] = static_cast<char>('0' + value % 10);
}

void format(std::chrono::sys_seconds second, char* to) {
  using namespace std::chrono;
  sys_days day = floor<days>(second);
  year_month_day date(day);
  hh_mm_ss time(second - day);
  auto year = static_cast<unsigned>(static_cast<int>(date.year()));
  put(to, "Sun, 06 Nov 1994 08:49:37 GMT");
  put(to, kDays[weekday(day).c_encoding()]);
  put_two(to + 5, static_cast<unsigned>(date.day()));
  put(to + 8, kMonths[static_cast<unsigned>(date.month()) - 1]);
  put_two(to + 12, year / 100);
  put_two(to + 14, year % 100);
  put_two(to + 17, static_cast<unsigned>(time.hours().count()));
  put_two(to + 20, static_cast<unsigned>(time.minutes().count()));
  put_two(to + 23, static_cast<unsigned>(time.seconds().count()));
}

}  // namespace

std::string_view http_date(WallTime now) {
  thread_local Cache cache;
  auto second = std::chrono::floor<std::chrono::seconds>(now);
  if (second != cache.second) {
    cache.second = second;
    format(second, cache.text.data());
  }
  return {cache.text.data(), cache.text.size()};
}

std::optional<WallTime> parse_http_date(std::string_view text) {
  using namespace std::chrono;
  if (text.size() != kHttpDateSize) return std::nullopt;
  auto number = [&](size_t at, size_t size) { return parse_decimal<uint16_t>(text.substr(at, size)); };
  auto day = number(5, 2), year_number = number(12, 4), hour = number(17, 2), minute = number(20, 2),
       second = number(23, 2);
  unsigned month_number = 0;
  while (month_number < 12 && kMonths[month_number] != text.substr(8, 3)) ++month_number;
  if (!day || !year_number || !hour || !minute || !second || month_number == 12) return std::nullopt;
  year_month_day date(year(*year_number), month(month_number + 1), std::chrono::day(*day));
  if (!date.ok() || *year_number < 1970 || *hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
  sys_seconds time = sys_days(date) + hours(*hour) + minutes(*minute) + seconds(*second);
  char canonical[kHttpDateSize];  // compares the punctuation and the name of the day
  format(time, canonical);
  if (text != std::string_view(canonical, kHttpDateSize)) return std::nullopt;
  return WallTime(time);
}

}  // namespace proa::http
