#include "proxy/request_trace.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "net/transport.h"
#include "proxy/request_id.h"
#include "proxy/worker_context.h"
#include "upstream/clusters.h"
#include "upstream/test_upstreams.h"

namespace proa::proxy {
namespace {

constexpr std::string_view kParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
constexpr std::string_view kPlainId = "12345678-1234-4abc-8def-123456789abc";

/// A worker, a request, and a Zipkin collector whose connections end in memory.
struct RequestTraceTest : testing::Test {
  RequestTraceTest() {
    upstream::ClusterContext context;
    context.registry = &registry;
    context.main_loop = &*loop;
    clusters = std::make_unique<upstream::Clusters>(context, upstreams);
    clusters->attach_worker(*loop);
    shared.clusters = clusters.get();
    worker = std::make_unique<WorkerContext>(*loop, shared, 1, 42);
    spec->protocol = ExportProtocol::kZipkinJson;
    spec->cluster = "collector";
    spec->path = "/api/v2/spans";
    spec->min_flush = 1;
    spec->stats = std::make_shared<observe::StatGroup>(registry, kZipkinExportSchema, observe::StatName{});
    tracer.decisions = std::make_shared<observe::StatGroup>(registry, kTracingSchema, observe::StatName{});
    info.request = &request;
    info.start = loop->now();
    request.method = "GET";
    request.scheme = "http";
    request.authority = "shop.test";
    request.path = "/";
  }
  ~RequestTraceTest() override {
    worker->close();
    clusters->detach_worker();
    clusters.reset();
    loop.settle();
  }

  void add_collector() {
    clusters->add(upstream::static_cluster("collector", {upstream::endpoint("10.0.0.9:9411")}));
    loop.settle();
  }
  void provide(Propagation propagation) {
    tracer.propagation = propagation;
    tracer.exporter = spec;
  }
  /// Batches leave a moment after the span that fills them.
  void flush() { loop.run_for(Milliseconds(2)); }
  RequestTrace& begin(std::string_view id = kPlainId) {
    request.headers.set(http::HeaderId::kXRequestId, id);
    info.request_id = id;
    return *RequestTrace::begin(tracer, request, info, *worker, arena);
  }
  std::string value(std::string_view name) {
    const http::Header* found = request.headers.find(name);
    return found ? std::string(found->value) : "(none)";
  }
  int64_t decided(TracingStat stat) { return tracer.decisions->value(stat); }
  int64_t exported(ExportStat stat) { return spec->stats->value(stat); }
  std::string collected(size_t connection = 0) {
    return connection < upstreams.made.size() ? upstreams.made[connection].server->receive() : "";
  }

  observe::Registry registry;
  net::TestLoop loop;
  upstream::TestUpstreams upstreams;
  std::unique_ptr<upstream::Clusters> clusters;
  SharedContext shared;
  std::unique_ptr<WorkerContext> worker;
  std::shared_ptr<ExportSpec> spec = std::make_shared<ExportSpec>();
  Tracer tracer;
  Arena arena;
  http::RequestHead request{arena};
  observe::StreamInfo info;
  route::Route route;
};

TEST_F(RequestTraceTest, the_decision_is_packed_into_the_request_id) {
  begin();
  EXPECT_EQ(trace_reason(info.request_id), TraceReason::kSampled);
  EXPECT_EQ(value("x-request-id"), info.request_id);
  EXPECT_EQ(decided(TracingStat::kRandomSampling), 1);
}

TEST_F(RequestTraceTest, the_earlier_hop_then_the_client_then_the_service_then_chance) {
  tracer.random_sampling.fallback = {0, 10'000};
  begin();
  EXPECT_EQ(trace_reason(info.request_id), TraceReason::kNone);
  EXPECT_EQ(decided(TracingStat::kNotTraceable), 1);
  request.headers.add("x-envoy-force-trace", "1");
  begin();
  EXPECT_EQ(trace_reason(info.request_id), TraceReason::kForced);
  request.headers.add("x-client-trace-id", "me");
  begin();
  EXPECT_EQ(trace_reason(info.request_id), TraceReason::kClient);
  std::string by_hop(kPlainId);
  by_hop[14] = '9';
  begin(by_hop);
  EXPECT_EQ(trace_reason(info.request_id), TraceReason::kSampled);
}

TEST_F(RequestTraceTest, the_overall_share_is_the_last_word) {
  tracer.overall_sampling.fallback = {0, 10'000};
  std::string by_hop(kPlainId);
  by_hop[14] = 'a';
  begin(by_hop);
  EXPECT_EQ(trace_reason(info.request_id), TraceReason::kNone);
}

TEST_F(RequestTraceTest, what_is_no_uuid_is_not_traced_and_not_changed) {
  provide(Propagation::kW3c);
  EXPECT_FALSE(begin("mine").sampled());
  EXPECT_EQ(value("x-request-id"), "mine");
  EXPECT_EQ(decided(TracingStat::kNotTraceable), 1);
}

TEST_F(RequestTraceTest, without_a_provider_no_trace_header_is_touched) {
  request.headers.add("traceparent", "nonsense");
  request.headers.add("tracestate", "x");
  begin().before_attempt(route, 0);
  EXPECT_EQ(value("traceparent"), "nonsense");
  EXPECT_EQ(value("tracestate"), "x");
  EXPECT_EQ(info.trace_id, "");
}

TEST_F(RequestTraceTest, the_clients_trace_goes_on_under_our_span) {
  provide(Propagation::kW3c);
  request.headers.add("traceparent", kParent);
  begin().before_attempt(route, 0);
  EXPECT_EQ(info.trace_id, kParent.substr(3, 32));
  EXPECT_TRUE(info.sampled);
  EXPECT_EQ(value("traceparent"), "00-" + std::string(info.trace_id) + "-" + std::string(info.span_id) + "-01");
  EXPECT_NE(info.span_id, kParent.substr(36, 16));
}

TEST_F(RequestTraceTest, the_clients_decision_is_above_ours) {
  provide(Propagation::kW3c);
  request.headers.add("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00");
  EXPECT_FALSE(begin().sampled());
  tracer.always_on = true;
  EXPECT_TRUE(begin().sampled());
}

TEST_F(RequestTraceTest, what_a_w3c_client_samples_is_still_subject_to_our_share) {
  tracer.random_sampling.fallback = {0, 10'000};
  provide(Propagation::kW3c);
  request.headers.add("traceparent", kParent);
  EXPECT_FALSE(begin().sampled());
}

TEST_F(RequestTraceTest, each_attempt_is_a_parent_of_its_own_when_asked) {
  provide(Propagation::kW3c);
  tracer.upstream_span = true;
  RequestTrace& trace = begin();
  trace.before_attempt(route, 0);
  const std::string first = value("traceparent");
  trace.before_attempt(route, 503);
  EXPECT_NE(value("traceparent"), first);
  EXPECT_EQ(value("traceparent").substr(0, 35), first.substr(0, 35));
  EXPECT_NE(first.substr(36, 16), info.span_id);
}

TEST_F(RequestTraceTest, without_context_propagation_nothing_goes_upstream) {
  provide(Propagation::kW3c);
  tracer.inject = false;
  begin().before_attempt(route, 0);
  EXPECT_EQ(value("traceparent"), "(none)");
}

TEST_F(RequestTraceTest, a_finished_request_is_sent_to_the_collector) {
  add_collector();
  provide(Propagation::kB3);
  tracer.share_span = true;
  request.headers.add("b3", "64fe8b2a57d3eff7-e457b5a2e4d86bd1-1");
  RequestTrace& trace = begin();
  trace.before_attempt(route, 0);
  EXPECT_EQ(value("x-b3-spanid"), "e457b5a2e4d86bd1");
  info.response_code = 200;
  info.end = loop->now();
  trace.finish(&route);
  EXPECT_TRUE(upstreams.made.empty());  // never within the request
  flush();
  std::string sent = collected();
  EXPECT_EQ(sent.substr(0, sent.find('\r')), "POST /api/v2/spans HTTP/1.1");
  auto spans = nlohmann::json::parse(sent.substr(sent.find("\r\n\r\n") + 4));
  ASSERT_EQ(spans.size(), 1U);
  EXPECT_EQ(spans[0]["traceId"], "64fe8b2a57d3eff7");
  EXPECT_EQ(spans[0]["name"], "ingress");
  EXPECT_EQ(spans[0]["shared"], true);
  EXPECT_EQ(spans[0]["tags"]["http.url"], "http://shop.test/");
  EXPECT_EQ(spans[0]["tags"]["http.status_code"], "200");
  upstreams.made[0].server->send("HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n");
  flush();
  EXPECT_EQ(exported(ExportStat::kReportsSent), 1);
}

TEST_F(RequestTraceTest, operations_are_named_by_decorators_and_told_to_the_caller) {
  route.decorator = route::Decorator{.operation = "buy", .propagate = true};
  http::ResponseHead response(arena);
  begin().on_response(response, &route);
  EXPECT_EQ(response.headers.value(http::HeaderId::kXEnvoyDecoratorOperation), "buy");
}

TEST_F(RequestTraceTest, a_proxy_going_out_takes_the_servers_name_and_keeps_it_from_the_client) {
  tracer.egress = true;
  route.decorator = route::Decorator{.operation = "buy", .propagate = true};
  http::ResponseHead response(arena);
  response.headers.add("x-envoy-decorator-operation", "named.by.server");
  RequestTrace& trace = begin();
  trace.before_attempt(route, 0);
  EXPECT_EQ(value("x-envoy-decorator-operation"), "buy");
  trace.on_response(response, &route);
  EXPECT_FALSE(response.headers.has(http::HeaderId::kXEnvoyDecoratorOperation));
}

// ---- the exporter ----

observe::Span span() {
  observe::Span out;
  out.trace_low = out.id = 1;
  return out;
}

TEST_F(RequestTraceTest, spans_wait_for_company_or_for_the_interval) {
  add_collector();
  spec->min_flush = 3;
  for (int i = 0; i < 2; ++i) worker->span_exporters().submit(spec, span());
  flush();
  EXPECT_TRUE(upstreams.made.empty());
  loop.run_for(spec->flush_interval);
  EXPECT_EQ(upstreams.made.size(), 1U);
  EXPECT_EQ(exported(ExportStat::kTimerFlushed), 1);
  EXPECT_EQ(exported(ExportStat::kSpansSent), 2);
}

TEST_F(RequestTraceTest, one_call_at_a_time_and_a_full_queue_drops) {
  add_collector();
  spec->max_queue = 4;
  worker->span_exporters().submit(spec, span());
  flush();
  for (int i = 0; i < 10; ++i) worker->span_exporters().submit(spec, span());
  flush();
  EXPECT_EQ(exported(ExportStat::kSpansSent), 1);
  EXPECT_EQ(exported(ExportStat::kSpansDropped), 6);
  upstreams.made[0].server->receive();
  upstreams.made[0].server->send("HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n");
  flush();
  EXPECT_EQ(exported(ExportStat::kSpansSent), 5);
}

TEST_F(RequestTraceTest, a_collector_that_does_not_answer_is_given_up) {
  add_collector();
  worker->span_exporters().submit(spec, span());
  loop.run_for(spec->timeout * 2);
  EXPECT_EQ(exported(ExportStat::kReportsFailed), 1);
  worker->span_exporters().submit(spec, span());
  flush();
  EXPECT_EQ(exported(ExportStat::kSpansSent), 2);
}

TEST_F(RequestTraceTest, without_its_cluster_a_batch_is_skipped) {
  worker->span_exporters().submit(spec, span());
  flush();
  EXPECT_EQ(exported(ExportStat::kReportsSkippedNoCluster), 1);
  EXPECT_EQ(exported(ExportStat::kSpansSent), 0);
}

}  // namespace
}  // namespace proa::proxy
