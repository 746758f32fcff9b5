// What an access-log line costs.
#include <benchmark/benchmark.h>

#include <nlohmann/json.hpp>

#include "net/transport.h"
#include "observe/formatter.h"

namespace proa::observe {
namespace {

struct Exchange {
  Arena arena;
  http::RequestHead request{arena};
  http::ResponseHead response{arena};
  net::ConnectionInfo connection;
  net::Address upstream = net::Address::parse("10.0.0.5:8080").value();
  StreamInfo info;
  Exchange() {
    request.method = "GET";
    request.authority = "www.example.com";
    request.path = "/api/v1/users/42?fields=name";
    for (auto name : {"accept", "accept-encoding", "cookie", "x-request-id", "user-agent", "x-forwarded-for"}) {
      request.headers.add(name, "2f1b6a80-4d6e-4a0c-9a55-0d0f6d1a2b3c");
    }
    response.headers.add("content-type", "application/json");
    response.headers.add("x-envoy-upstream-service-time", "12");
    connection.remote = net::Address::parse("10.0.0.9:5555").value();
    info.downstream = &connection;
    info.request = &request;
    info.response = &response;
    info.response_code = 200;
    info.bytes_sent = 1234;
    info.upstream_remote = &upstream;
    info.start_wall = WallTime(std::chrono::milliseconds(1'700'000'000'123));
    info.start = MonoTime(std::chrono::seconds(100));
    info.end = info.start + std::chrono::milliseconds(12);
  }
};

void default_line(benchmark::State& state) {
  Exchange exchange;
  auto formatter = Formatter::compile(kDefaultLogFormat, FormatTarget::kLog).value();
  std::string out;
  for (auto _ : state) {
    out.clear();
    formatter.format(exchange.info, out);
    benchmark::DoNotOptimize(out.data());
  }
}
BENCHMARK(default_line);

void json_line(benchmark::State& state) {
  Exchange exchange;
  nlohmann::json format = {{"start_time", "%START_TIME%"},
                           {"method", "%REQ(:METHOD)%"},
                           {"path", "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%"},
                           {"protocol", "%PROTOCOL%"},
                           {"response_code", "%RESPONSE_CODE%"},
                           {"response_flags", "%RESPONSE_FLAGS%"},
                           {"bytes_received", "%BYTES_RECEIVED%"},
                           {"bytes_sent", "%BYTES_SENT%"},
                           {"duration", "%DURATION%"},
                           {"user_agent", "%REQ(USER-AGENT)%"},
                           {"request_id", "%REQ(X-REQUEST-ID)%"},
                           {"authority", "%REQ(:AUTHORITY)%"},
                           {"upstream_host", "%UPSTREAM_HOST%"}};
  auto formatter = JsonFormatter::compile(format).value();
  std::string out;
  for (auto _ : state) {
    out.clear();
    formatter.format(exchange.info, out);
    benchmark::DoNotOptimize(out.data());
  }
}
BENCHMARK(json_line);

}  // namespace
}  // namespace proa::observe
