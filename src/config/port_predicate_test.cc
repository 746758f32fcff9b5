#include "config/port_predicate.h"

#include "config/test_compile.h"

namespace proa::config {
namespace {

using Range = NumberRanges::Range;

struct PortPredicate : CompileTest {
  NumberRanges compile(const std::string& yaml) {
    return compile_port_predicate(read<envoy::config::listener::v3::ListenerFilterChainMatchPredicate>(yaml), at);
  }
  static std::string ports(int start, int end) {
    return "{destination_port_range: {start: " + std::to_string(start) + ", end: " + std::to_string(end) + "}}";
  }
};

TEST_F(PortPredicate, is_the_set_of_its_ports) {
  EXPECT_EQ(compile(ports(80, 82)).ranges, (std::vector<Range>{{80, 81}}));
  EXPECT_EQ(compile("{or_match: {rules: [" + ports(80, 81) + ", " + ports(443, 444) + "]}}").ranges,
            (std::vector<Range>{{80, 80}, {443, 443}}));
  EXPECT_EQ(compile("{and_match: {rules: [" + ports(80, 90) + ", " + ports(85, 100) + "]}}").ranges,
            (std::vector<Range>{{85, 89}}));
  EXPECT_EQ(compile("{not_match: " + ports(1, 65536) + "}").ranges, (std::vector<Range>{{0, 0}}));
  EXPECT_EQ(compile("{any_match: true}").ranges, (std::vector<Range>{{0, 65535}}));
  EXPECT_EQ(problem_lines(), "");
}

TEST_F(PortPredicate, knows_what_is_inside) {
  const NumberRanges some = compile("{or_match: {rules: [" + ports(80, 82) + ", " + ports(443, 444) + "]}}");
  for (uint32_t port : {80U, 81U, 443U}) EXPECT_TRUE(some.contains(port)) << port;
  for (uint32_t port : {0U, 79U, 82U, 442U, 444U, 65535U}) EXPECT_FALSE(some.contains(port)) << port;
  EXPECT_FALSE(NumberRanges().contains(0));
}

TEST_F(PortPredicate, a_range_that_is_none_is_refused) {
  compile("{not_match: " + ports(90, 80) + "}");
  EXPECT_EQ(problem_lines(), "not_match.destination_port_range: from 90 to below 80 is no range of ports\n");
}

}  // namespace
}  // namespace proa::config
