// What observe/ writes by hand, read by the generated types.
#include "observe/otlp_encoding.h"

#include <gtest/gtest.h>

#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"

namespace proa::config {
namespace {

namespace otlp = opentelemetry::proto;
using observe::Span;
using std::chrono::nanoseconds;

Span example() {
  Span span;
  span.trace_high = 0x0af7651916cd43dd;
  span.trace_low = 0x8448eb211c80319c;
  span.id = 0xb7ad6b7169203331;
  span.name = "ingress";
  span.start = WallTime(std::chrono::duration_cast<WallTime::duration>(nanoseconds(1'700'000'000'000'000'000)));
  span.end = span.start + std::chrono::milliseconds(3);
  return span;
}

otlp::collector::trace::v1::ExportTraceServiceRequest encoded(const std::vector<Span>& spans) {
  std::vector<std::string> parts;
  for (const Span& span : spans) parts.push_back(encode_otlp_span(span));
  otlp::collector::trace::v1::ExportTraceServiceRequest out;
  EXPECT_TRUE(out.ParseFromString(observe::encode_otlp_request({{"service.name", "shop"}}, "proa", "1", parts)));
  return out;
}

TEST(OtlpEncoding, a_whole_span) {
  Span span = example();
  span.parent = 0x00f067aa0ba902b7;
  span.remote_parent = true;
  span.state = "a=1";
  span.error = true;
  span.kind = observe::SpanKind::kClient;
  span.tag("http.method", "GET");
  span.tag("long", std::string(300, 'x'));
  span.events.push_back({span.end, "done"});
  auto request = encoded({span});
  ASSERT_EQ(request.resource_spans_size(), 1);
  const auto& resource = request.resource_spans(0);
  EXPECT_EQ(resource.resource().attributes(0).key(), "service.name");
  EXPECT_EQ(resource.resource().attributes(0).value().string_value(), "shop");
  ASSERT_EQ(resource.scope_spans_size(), 1);
  EXPECT_EQ(resource.scope_spans(0).scope().name(), "proa");
  EXPECT_EQ(resource.scope_spans(0).scope().version(), "1");
  const auto& read = resource.scope_spans(0).spans(0);
  EXPECT_EQ(read.trace_id(), "\x0a\xf7\x65\x19\x16\xcd\x43\xdd\x84\x48\xeb\x21\x1c\x80\x31\x9c");
  EXPECT_EQ(read.span_id(), "\xb7\xad\x6b\x71\x69\x20\x33\x31");
  EXPECT_EQ(read.parent_span_id(), std::string("\x00\xf0\x67\xaa\x0b\xa9\x02\xb7", 8));
  EXPECT_EQ(read.trace_state(), "a=1");
  EXPECT_EQ(read.name(), "ingress");
  EXPECT_EQ(read.kind(), otlp::trace::v1::Span::SPAN_KIND_CLIENT);
  EXPECT_EQ(read.start_time_unix_nano(), 1'700'000'000'000'000'000U);
  EXPECT_EQ(read.end_time_unix_nano() - read.start_time_unix_nano(), 3'000'000U);
  ASSERT_EQ(read.attributes_size(), 2);
  EXPECT_EQ(read.attributes(0).value().string_value(), "GET");
  EXPECT_EQ(read.attributes(1).value().string_value(), std::string(300, 'x'));
  EXPECT_EQ(read.events(0).name(), "done");
  EXPECT_EQ(read.events(0).time_unix_nano(), read.end_time_unix_nano());
  EXPECT_EQ(read.status().code(), otlp::trace::v1::Status::STATUS_CODE_ERROR);
  EXPECT_EQ(read.flags(), 0x301U);
}

TEST(OtlpEncoding, what_is_not_set_is_not_there) {
  auto request = encoded({example(), example()});
  ASSERT_EQ(request.resource_spans(0).scope_spans(0).spans_size(), 2);
  const auto& read = request.resource_spans(0).scope_spans(0).spans(1);
  EXPECT_EQ(read.parent_span_id(), "");
  EXPECT_FALSE(read.has_status());
  EXPECT_EQ(read.kind(), otlp::trace::v1::Span::SPAN_KIND_SERVER);
  EXPECT_EQ(read.flags(), 0x101U);
  EXPECT_EQ(read.GetReflection()->GetUnknownFields(read).field_count(), 0);
}

}  // namespace
}  // namespace proa::config
