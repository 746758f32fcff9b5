#include "observe/zipkin_encoding.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace proa::observe {
namespace {

using std::chrono::microseconds;

Span example() {
  Span span;
  span.trace_low = 0x64fe8b2a57d3eff7;
  span.id = 0xe457b5a2e4d86bd1;
  span.name = "in\"gress";
  span.start = WallTime(microseconds(1'000'000));
  span.end = span.start + microseconds(250);
  span.tag("http.method", "GET");
  return span;
}

TEST(Zipkin, a_span_is_json) {
  Span span = example();
  span.parent = 5;
  span.shared = true;
  span.events.push_back({span.start + microseconds(1), "sent"});
  auto json = nlohmann::json::parse(encode_zipkin_span(span, {"front", "10.0.0.1", 80}));
  EXPECT_EQ(json["traceId"], "64fe8b2a57d3eff7");
  EXPECT_EQ(json["id"], "e457b5a2e4d86bd1");
  EXPECT_EQ(json["parentId"], "0000000000000005");
  EXPECT_EQ(json["name"], "in\"gress");
  EXPECT_EQ(json["kind"], "SERVER");
  EXPECT_EQ(json["timestamp"], 1'000'000);
  EXPECT_EQ(json["duration"], 250);
  EXPECT_EQ(json["shared"], true);
  EXPECT_EQ(json["localEndpoint"], (nlohmann::json{{"serviceName", "front"}, {"ipv4", "10.0.0.1"}, {"port", 80}}));
  EXPECT_EQ(json["tags"], (nlohmann::json{{"http.method", "GET"}}));
  EXPECT_EQ(json["annotations"], (nlohmann::json{{{"timestamp", 1'000'001}, {"value", "sent"}}}));
}

TEST(Zipkin, what_is_unknown_is_left_out) {
  Span span = example();
  span.trace_high = 1;
  span.end = span.start;
  auto json = nlohmann::json::parse(encode_zipkin_span(span, {"front", "", 0}));
  EXPECT_EQ(json["traceId"], "000000000000000164fe8b2a57d3eff7");
  EXPECT_EQ(json["duration"], 1);  // 0 would be "unknown"
  for (const char* absent : {"parentId", "shared", "annotations"}) EXPECT_FALSE(json.contains(absent)) << absent;
}

TEST(Zipkin, a_request_is_a_list) {
  const std::string spans[] = {"{\"a\":1}", "{\"b\":2}"};
  EXPECT_EQ(encode_zipkin_request(spans), "[{\"a\":1},{\"b\":2}]");
  EXPECT_EQ(encode_zipkin_request({}), "[]");
}

}  // namespace
}  // namespace proa::observe
