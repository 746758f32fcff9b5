// What one request costs in the codec alone: a head of ten fields, parsed, handed over, answered.
#include <benchmark/benchmark.h>

#include <string>

#include "http/h1/head_parser.h"
#include "http/h1/head_scanner.h"
#include "http/h1/head_writer.h"
#include "http/h1/server_connection.h"

namespace proa::http::h1 {
namespace {

constexpr std::string_view kRequest =
    "GET /api/v1/items/42?verbose=true HTTP/1.1\r\n"
    "Host: shop.example.com\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/120.0 Safari/537.36\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
    "Accept-Encoding: gzip, deflate, br\r\n"
    "Accept-Language: en-GB,en;q=0.9\r\n"
    "Cookie: session=0123456789abcdef0123456789abcdef; theme=dark\r\n"
    "X-Request-Id: 5f3b3a4e-8f0e-4a53-9a5b-2f6f1f7b8c9d\r\n"
    "X-Forwarded-Proto: https\r\n"
    "X-Custom-Header: some value\r\n"
    "Connection: keep-alive\r\n\r\n";

void BM_ParseRequestHead(benchmark::State& state) {
  Http1Options options;
  Arena arena;
  for (auto _ : state) {
    HeadScanner scanner;
    benchmark::DoNotOptimize(scanner.scan(kRequest));
    auto* head = arena.make<RequestHead>(arena);
    Framing framing;
    Refusal refusal = parse_request_head(kRequest, options, arena, *head, framing);
    benchmark::DoNotOptimize(refusal);
    benchmark::DoNotOptimize(head->headers.size());
    arena.reset();
  }
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(kRequest.size()));
}
BENCHMARK(BM_ParseRequestHead);

void BM_ScanRequestHead(benchmark::State& state) {
  for (auto _ : state) {
    HeadScanner scanner;
    benchmark::DoNotOptimize(scanner.scan(kRequest));
  }
}
BENCHMARK(BM_ScanRequestHead);

void BM_HeaderId(benchmark::State& state) {
  constexpr std::string_view kNames[] = {
      "host",         "user-agent",        "accept",          "accept-encoding", "accept-language", "cookie",
      "x-request-id", "x-forwarded-proto", "x-custom-header", "connection"};
  for (auto _ : state) {
    for (std::string_view name : kNames) benchmark::DoNotOptimize(header_id(name));
  }
  state.SetItemsProcessed(state.iterations() * 10);
}
BENCHMARK(BM_HeaderId);

void BM_WriteRequestHead(benchmark::State& state) {
  Arena arena;
  RequestHead head(arena);
  Framing framing;
  (void)parse_request_head(kRequest, {}, arena, head, framing);
  Buffer out;
  for (auto _ : state) {
    write_request_head(out, head, {});
    out.drain(out.size());
  }
}
BENCHMARK(BM_WriteRequestHead);

class Answering : public ServerHandler, public CodecOwner, public RequestReceiver {
 public:
  RequestReceiver& on_request(ServerStream& stream, RequestHead&, std::unique_ptr<Arena> arena, bool) override {
    ResponseHead response(*arena);
    response.status = 200;
    response.headers.add(HeaderId::kContentType, "text/plain");
    response.headers.add(HeaderId::kContentLength, "5");
    response.headers.add(HeaderId::kServer, "proa");
    stream.send_response(response, false);
    stream.send_data("hello", true);
    return *this;
  }
  void wake() override {}
  void count(CodecCounter) override {}
  void on_data(std::string_view, bool) override {}
  void on_trailers(HeaderList&) override {}
  void on_reset(ResetReason, std::string_view) override {}
  void on_writable() override {}
};

void BM_ServerExchange(benchmark::State& state) {
  Http1Options options;
  Answering handler;
  ServerConnection connection(options, handler, handler);
  MonoTime now{};
  for (auto _ : state) {
    connection.receive(kRequest, now);
    connection.output().drain(connection.output().size());
    connection.output_drained(now);
  }
}
BENCHMARK(BM_ServerExchange);

}  // namespace
}  // namespace proa::http::h1
