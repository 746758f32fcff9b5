#include "config/go_duration.h"

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/util/time_util.h>
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <utility>

namespace proa::config {
namespace {

std::string read(std::string_view text) {
  google::protobuf::Duration out;
  const auto outcome = read_go_duration(text, out);
  return outcome ? google::protobuf::util::TimeUtil::ToString(out) : outcome.error().what;
}

TEST(GoDuration, is_a_sum_of_numbers_with_units) {
  const std::array<std::pair<std::string, std::string>, 12> table = {{{"5s", "5s"},
                                                                      {"1h30m", "5400s"},
                                                                      {"24h", "86400s"},
                                                                      {"500ms", "0.500s"},
                                                                      {"1.5s", "1.500s"},
                                                                      {".5m", "30s"},
                                                                      {"1.s", "1s"},
                                                                      {"0", "0s"},
                                                                      {"-2m", "-120s"},
                                                                      {"+1us", "0.000001s"},
                                                                      {"1m0.000000001s", "60.000000001s"},
                                                                      {"3\xC2\xB5s", "0.000003s"}}};
  for (const auto& [text, wanted] : table) EXPECT_EQ(read(text), wanted) << text;
}

TEST(GoDuration, refuses_what_go_refuses) {
  for (const std::string text : {"", "5", "s", ".s", "1d", "1.5", "1..5s", "1h 30m", "-", "1s5", "five s"}) {
    EXPECT_EQ(read(text), "is \"" + text + "\", which is no duration");
  }
  EXPECT_EQ(read("9223372037s"), "is \"9223372037s\", longer than a duration may be");
  EXPECT_EQ(read("99999999999999999999999h"), "is \"99999999999999999999999h\", longer than a duration may be");
}

}  // namespace
}  // namespace proa::config
