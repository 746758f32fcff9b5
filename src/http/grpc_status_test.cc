#include "http/grpc_status.h"

#include <gtest/gtest.h>

namespace proa::http {
namespace {

TEST(GrpcStatus, is_mapped_from_http_as_the_protocol_says) {
  // A status must come from the server itself: an HTTP answer without one tells nothing.
  EXPECT_EQ(grpc_status_of_http(200), GrpcStatus::kUnknown);
  EXPECT_EQ(grpc_status_of_http(400), GrpcStatus::kInternal);
  EXPECT_EQ(grpc_status_of_http(401), GrpcStatus::kUnauthenticated);
  EXPECT_EQ(grpc_status_of_http(403), GrpcStatus::kPermissionDenied);
  EXPECT_EQ(grpc_status_of_http(404), GrpcStatus::kUnimplemented);
  for (uint16_t status : {429, 502, 503, 504}) EXPECT_EQ(grpc_status_of_http(status), GrpcStatus::kUnavailable);
  for (uint16_t status : {302, 408, 413, 500, 999}) EXPECT_EQ(grpc_status_of_http(status), GrpcStatus::kUnknown);
}

TEST(GrpcStatus, has_a_number_and_a_name) {
  for (int i = 0; i <= 16; ++i) {
    auto status = static_cast<GrpcStatus>(i);
    EXPECT_EQ(parse_grpc_status(grpc_status_text(status)), status);
    EXPECT_EQ(grpc_status_by_name(to_string(status)), status);
  }
  for (std::string_view bad : {"", "17", "-1", "a", " 1"}) EXPECT_FALSE(parse_grpc_status(bad)) << bad;
  EXPECT_EQ(http_status_of_grpc(GrpcStatus::kUnavailable), 503);
  EXPECT_EQ(to_string(GrpcStatus::kUnauthenticated), "UNAUTHENTICATED");
}

TEST(GrpcMessage, is_percent_encoded) {
  Arena arena;
  EXPECT_EQ(grpc_message_encode("plain text", arena), "plain text");
  EXPECT_EQ(grpc_message_encode("a%b\n\xc3\xa9", arena), "a%25b%0A%C3%A9");
  EXPECT_EQ(grpc_message_decode("a%25b%0A%C3%A9", arena), "a%b\n\xc3\xa9");
  EXPECT_EQ(grpc_message_decode("100% sure %2", arena), "100% sure %2");
}

TEST(GrpcTimeout, is_parsed_with_saturation) {
  EXPECT_EQ(parse_grpc_timeout("1S"), Milliseconds(1000));
  EXPECT_EQ(parse_grpc_timeout("2M"), Milliseconds(120'000));
  EXPECT_EQ(parse_grpc_timeout("100m"), Milliseconds(100));
  EXPECT_EQ(parse_grpc_timeout("1u"), Milliseconds(1));
  EXPECT_EQ(parse_grpc_timeout("99999999n"), Milliseconds(100));
  EXPECT_EQ(parse_grpc_timeout("0n"), Milliseconds(0));
  auto longest = parse_grpc_timeout("99999999H");
  ASSERT_TRUE(longest);
  EXPECT_EQ(longest->count(), int64_t{100} * 365 * 24 * 3600 * 1000);
  EXPECT_GT(MonoTime(std::chrono::hours(1)) + *longest, MonoTime());
  for (std::string_view bad :
       {"", "S", "1", "1s", "-1S", "+1S", " 1S", "1 S", "999999999S", "99999999999999H", "1.5S"}) {
    EXPECT_FALSE(parse_grpc_timeout(bad)) << bad;
  }
}

TEST(GrpcTimeout, passes_to_the_nanosecond) {
  using std::chrono::nanoseconds;
  EXPECT_FALSE(grpc_deadline_passed("999u", nanoseconds(998'999)));
  EXPECT_TRUE(grpc_deadline_passed("999u", nanoseconds(999'000)));
  EXPECT_TRUE(grpc_deadline_passed("0m", nanoseconds(0)));
  EXPECT_FALSE(grpc_deadline_passed("99999999H", nanoseconds(INT64_MAX / 4)));
  EXPECT_FALSE(grpc_deadline_passed("", nanoseconds(INT64_MAX)));
  EXPECT_FALSE(grpc_deadline_passed("1s", nanoseconds(INT64_MAX)));
}

TEST(GrpcTimeout, is_formatted_in_eight_digits) {
  Arena arena;
  EXPECT_EQ(format_grpc_timeout(Milliseconds(1500), arena), "1500m");
  EXPECT_EQ(format_grpc_timeout(Milliseconds(0), arena), "0m");
  EXPECT_EQ(format_grpc_timeout(Milliseconds(-5), arena), "0m");
  EXPECT_EQ(format_grpc_timeout(Milliseconds(99'999'999), arena), "99999999m");
  EXPECT_EQ(format_grpc_timeout(Milliseconds(100'000'001), arena), "100001S");
  EXPECT_TRUE(parse_grpc_timeout(format_grpc_timeout(Milliseconds(INT64_MAX), arena)));
}

}  // namespace
}  // namespace proa::http
