#include "observe/trace_context.h"

#include <gtest/gtest.h>

#include <string>

namespace proa::observe {
namespace {

constexpr std::string_view kParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

struct Headers {
  Arena arena;
  http::HeaderList list{arena};
  Headers& add(std::string_view name, std::string_view value) {
    list.add(arena.copy(name), arena.copy(value));
    return *this;
  }
  std::string value(std::string_view name) {
    const http::Header* found = list.find(name);
    return found ? std::string(found->value) : "(none)";
  }
};

TEST(Traceparent, is_read_and_written_alike) {
  auto context = parse_traceparent(kParent);
  ASSERT_TRUE(context);
  EXPECT_EQ(context->trace_high, 0x0af7651916cd43ddU);
  EXPECT_EQ(context->trace_low, 0x8448eb211c80319cU);
  EXPECT_EQ(context->span, 0xb7ad6b7169203331U);
  EXPECT_EQ(context->sampled, true);
  Arena arena;
  EXPECT_EQ(write_traceparent(*context, arena), kParent);
  context->sampled = false;
  EXPECT_EQ(write_traceparent(*context, arena).substr(52), "-00");
}

TEST(Traceparent, what_is_malformed_is_absent) {
  std::string good(kParent);
  EXPECT_FALSE(parse_traceparent(""));
  EXPECT_FALSE(parse_traceparent(good.substr(0, 54)));
  EXPECT_FALSE(parse_traceparent(good + "-"));  // version 00 has no more
  EXPECT_FALSE(parse_traceparent("ff" + good.substr(2)));
  EXPECT_FALSE(parse_traceparent("00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
  EXPECT_FALSE(parse_traceparent("00-00000000000000000000000000000000-b7ad6b7169203331-01"));
  EXPECT_FALSE(parse_traceparent("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01"));
  EXPECT_FALSE(parse_traceparent("00-0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331-01"));
  EXPECT_FALSE(parse_traceparent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0x"));
}

TEST(Traceparent, a_later_version_may_have_more) {
  EXPECT_TRUE(parse_traceparent("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
  EXPECT_TRUE(parse_traceparent("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more"));
  EXPECT_FALSE(parse_traceparent("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01.more"));
}

TEST(Tracestate, follows_its_grammar) {
  EXPECT_TRUE(valid_tracestate("rojo=00f067aa0ba902b7"));
  EXPECT_TRUE(valid_tracestate("a=1, b=2 ,c@sys=x y,,"));
  EXPECT_FALSE(valid_tracestate(""));
  EXPECT_FALSE(valid_tracestate("Upper=1"));
  EXPECT_FALSE(valid_tracestate("a="));
  EXPECT_FALSE(valid_tracestate("a"));
  EXPECT_FALSE(valid_tracestate("a=b=c"));
  EXPECT_FALSE(valid_tracestate("a@1=x"));
  std::string many = "k0=v";
  for (int i = 1; i < 32; ++i) many += ",k" + std::to_string(i) + "=v";
  EXPECT_TRUE(valid_tracestate(many));
  EXPECT_FALSE(valid_tracestate(many + ",one=more"));
}

TEST(W3c, state_goes_on_only_with_its_parent) {
  Headers good;
  good.add("traceparent", kParent).add("tracestate", "a=1").add("tracestate", "b=2");
  auto context = extract_w3c(good.list);
  ASSERT_TRUE(context);
  EXPECT_EQ(context->state, "a=1,b=2");
  inject_w3c(*context, good.list);
  EXPECT_EQ(good.list.count(http::HeaderId::kTracestate), 2U);  // as it came

  Headers bad;
  bad.add("traceparent", "00-nonsense").add("tracestate", "a=1");
  EXPECT_FALSE(extract_w3c(bad.list));
  TraceContext fresh;
  fresh.trace_high = 1;
  fresh.trace_low = 2;
  fresh.span = 3;
  fresh.sampled = true;
  inject_w3c(fresh, bad.list);
  EXPECT_EQ(bad.value("traceparent"), "00-00000000000000010000000000000002-0000000000000003-01");
  EXPECT_EQ(bad.value("tracestate"), "(none)");
}

TEST(W3c, two_parents_are_none) {
  Headers headers;
  headers.add("traceparent", kParent).add("traceparent", kParent);
  EXPECT_FALSE(extract_w3c(headers.list));
}

TEST(B3, the_single_form_is_read_and_written_alike) {
  Arena arena;
  for (std::string text :
       {"80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1-05e3ac9a4f6e3b90",
        "80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-0", "64fe8b2a57d3eff7-e457b5a2e4d86bd1-d"}) {
    auto context = parse_b3(text);
    ASSERT_TRUE(context) << text;
    EXPECT_EQ(write_b3(*context, arena), text);
  }
  EXPECT_EQ(parse_b3("64fe8b2a57d3eff7-e457b5a2e4d86bd1")->sampled, std::nullopt);
  EXPECT_FALSE(parse_b3("0")->has_ids());
  EXPECT_EQ(parse_b3("0")->sampled, false);
  EXPECT_TRUE(parse_b3("d")->debug);
}

TEST(B3, what_is_malformed_is_absent) {
  for (std::string text :
       {"", "2", "-", "64fe8b2a57d3eff7", "64fe8b2a57d3eff7-", "64fe8b2a57d3eff7-e457b5a2e4d86bd",
        "64fe8b2a57d3eff7-e457b5a2e4d86bd1-", "64fe8b2a57d3eff7-e457b5a2e4d86bd1-2",
        "64fe8b2a57d3eff7-e457b5a2e4d86bd1-1-", "64fe8b2a57d3eff7-e457b5a2e4d86bd1-1-05e3ac9a4f6e3b9",
        "64fe8b2a57d3eff7-e457b5a2e4d86bd1-1-05e3ac9a4f6e3b90-", "0000000000000000-e457b5a2e4d86bd1-1",
        "64FE8B2A57D3EFF7-e457b5a2e4d86bd1-1", "4fe8b2a57d3eff7-e457b5a2e4d86bd1-1"}) {
    EXPECT_FALSE(parse_b3(text)) << text;
  }
}

TEST(B3, several_headers) {
  Headers headers;
  headers.add("x-b3-traceid", "64fe8b2a57d3eff7").add("x-b3-spanid", "e457b5a2e4d86bd1").add("x-b3-sampled", "1");
  auto context = extract_b3(headers.list);
  ASSERT_TRUE(context);
  EXPECT_EQ(context->trace_low, 0x64fe8b2a57d3eff7U);
  EXPECT_EQ(context->sampled, true);
  context->parent = context->span;
  context->span = 5;
  inject_b3(*context, headers.list);
  EXPECT_EQ(headers.value("x-b3-traceid"), "64fe8b2a57d3eff7");
  EXPECT_EQ(headers.value("x-b3-spanid"), "0000000000000005");
  EXPECT_EQ(headers.value("x-b3-parentspanid"), "e457b5a2e4d86bd1");
  EXPECT_EQ(headers.value("b3"), "(none)");
}

TEST(B3, the_single_header_wins_and_is_renewed) {
  Headers headers;
  headers.add("b3", "64fe8b2a57d3eff7-e457b5a2e4d86bd1-0").add("x-b3-sampled", "1");
  auto context = extract_b3(headers.list);
  ASSERT_TRUE(context);
  EXPECT_EQ(context->sampled, false);
  context->span = 7;
  inject_b3(*context, headers.list);
  EXPECT_EQ(headers.value("b3"), "64fe8b2a57d3eff7-0000000000000007-0");
}

TEST(B3, half_a_context_is_none) {
  Headers headers;
  headers.add("x-b3-traceid", "64fe8b2a57d3eff7");
  EXPECT_FALSE(extract_b3(headers.list));
  Headers only_decision;
  only_decision.add("x-b3-sampled", "0");
  EXPECT_EQ(extract_b3(only_decision.list)->sampled, false);
}

}  // namespace
}  // namespace proa::observe
