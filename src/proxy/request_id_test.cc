#include "proxy/request_id.h"

#include <gtest/gtest.h>

namespace proa::proxy {
namespace {

TEST(RequestId, is_a_version_4_uuid) {
  Arena arena;
  EXPECT_EQ(make_request_id(arena, 0x0123456789abcdef, 0xfedcba9876543210), "01234567-89ab-4def-bedc-ba9876543210");
}

TEST(RequestId, samples_by_its_first_32_bits) {
  EXPECT_EQ(request_id_modulo("0000000a-0000-4000-8000-000000000000", 10000), 10u);
  EXPECT_EQ(request_id_modulo("not a uuid", 10000), std::nullopt);
  EXPECT_EQ(request_id_modulo("zzzzzzzz-0000-4000-8000-000000000000", 10000), std::nullopt);
}

TEST(RequestId, packs_the_trace_reason_in_the_version_digit) {
  Arena arena;
  std::string_view id = "01234567-89ab-4def-bedc-ba9876543210";
  EXPECT_EQ(trace_reason(id), TraceReason::kNone);
  EXPECT_EQ(with_trace_reason(arena, id, TraceReason::kForced), "01234567-89ab-adef-bedc-ba9876543210");
  EXPECT_EQ(trace_reason(with_trace_reason(arena, id, TraceReason::kSampled)), TraceReason::kSampled);
  EXPECT_EQ(with_trace_reason(arena, "short", TraceReason::kSampled), "short");
}

}  // namespace
}  // namespace proa::proxy
