#include "grpc/health.h"

#include <gtest/gtest.h>

namespace proa::grpc {
namespace {

TEST(Health, request_names_the_service) {
  EXPECT_EQ(encode_health_request(""), "");
  EXPECT_EQ(encode_health_request("abc"),
            "\x0a\x03"
            "abc");
  EXPECT_EQ(encode_health_request(std::string(200, 'x')).substr(0, 3), "\x0a\xc8\x01");
}

TEST(Health, response_tells_the_status) {
  EXPECT_EQ(decode_health_response("\x08\x01"), ServingStatus::kServing);
  EXPECT_EQ(decode_health_response("\x08\x02"), ServingStatus::kNotServing);
  EXPECT_EQ(decode_health_response(""), ServingStatus::kUnknown);
  EXPECT_EQ(decode_health_response("\x12\x02zz\x08\x01"), ServingStatus::kServing);  // an unknown field before
}

TEST(Health, a_server_reads_and_writes_the_same_messages) {
  EXPECT_EQ(decode_health_request(encode_health_request("xds")), "xds");
  EXPECT_EQ(decode_health_request(""), "");
  EXPECT_EQ(decode_health_request("\x0a\x05z"), std::nullopt);
  EXPECT_EQ(decode_health_response(encode_health_response(ServingStatus::kNotServing)), ServingStatus::kNotServing);
  EXPECT_EQ(encode_health_response(ServingStatus::kUnknown), "");
}

TEST(Health, broken_bytes_are_no_response) {
  EXPECT_EQ(decode_health_response("\x08"), std::nullopt);
  EXPECT_EQ(decode_health_response("\x12\x05z"), std::nullopt);
  EXPECT_EQ(decode_health_response("\x0f"), std::nullopt);
}

}  // namespace
}  // namespace proa::grpc
