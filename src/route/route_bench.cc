// What a match costs as the list grows: first, last and no route of 1, 100, 1,000 and 10,000.
#include <benchmark/benchmark.h>

#include "route/route_table.h"
#include "route/test_request.h"

namespace proa::route {
namespace {

enum Kind : int64_t { kPrefix, kExact, kRegex };

std::string path_of(Kind kind, int64_t i) {
  std::string path = "/service-" + std::to_string(i) + "/api";
  return kind == kPrefix ? path + "/" : path;
}

std::shared_ptr<const RouteTable> make_table(Kind kind, int64_t routes) {
  RouteTableSpec table;
  table.virtual_hosts.resize(1);
  table.virtual_hosts[0].domains = {"*.example.com", "example.com"};
  for (int64_t i = 0; i < routes; ++i) {
    RouteSpec route;
    Forward forward;
    forward.target = ToCluster{"c" + std::to_string(i)};
    route.action = std::move(forward);
    std::string path = path_of(kind, i);
    if (kind == kPrefix) route.match.path = PathPrefix{path};
    if (kind == kExact) route.match.path = PathExact{path};
    if (kind == kRegex) route.match.path = PathRegex{http::Regex::compile(path + "/v[0-9]+").value()};
    table.virtual_hosts[0].routes.push_back(std::move(route));
  }
  return RouteTable::make(std::move(table)).value();
}

void measure(benchmark::State& state, Kind kind, const std::string& path, int64_t routes, bool found) {
  auto table = make_table(kind, routes);
  TestRequest request(path, "www.example.com", {{"accept", "*/*"}, {"user-agent", "bench"}});
  const MatchInput input = request.input();
  if ((table->match(input) != nullptr) != found) state.SkipWithError("matched otherwise than meant");
  for (auto _ : state) benchmark::DoNotOptimize(table->match(input));
}

std::string request_path(Kind kind, int64_t i) {
  std::string path = path_of(kind, i);
  return kind == kPrefix ? path + "users/42" : kind == kRegex ? path + "/v1" : path;
}

void first(benchmark::State& state, Kind kind) { measure(state, kind, request_path(kind, 0), state.range(0), true); }
void last(benchmark::State& state, Kind kind) {
  measure(state, kind, request_path(kind, state.range(0) - 1), state.range(0), true);
}
void none(benchmark::State& state, Kind kind) { measure(state, kind, "/other/path", state.range(0), false); }

void compile(benchmark::State& state, Kind kind) {
  for (auto _ : state) benchmark::DoNotOptimize(make_table(kind, state.range(0)));
}

void sizes(benchmark::internal::Benchmark* benchmark) { benchmark->Arg(1)->Arg(100)->Arg(1000)->Arg(10'000); }

BENCHMARK_CAPTURE(first, prefix, kPrefix)->Apply(sizes);
BENCHMARK_CAPTURE(last, prefix, kPrefix)->Apply(sizes);
BENCHMARK_CAPTURE(none, prefix, kPrefix)->Apply(sizes);
BENCHMARK_CAPTURE(first, exact, kExact)->Apply(sizes);
BENCHMARK_CAPTURE(last, exact, kExact)->Apply(sizes);
BENCHMARK_CAPTURE(none, exact, kExact)->Apply(sizes);
BENCHMARK_CAPTURE(first, regex, kRegex)->Apply(sizes);
BENCHMARK_CAPTURE(last, regex, kRegex)->Apply(sizes);
BENCHMARK_CAPTURE(none, regex, kRegex)->Apply(sizes);
BENCHMARK_CAPTURE(compile, prefix, kPrefix)->Arg(10'000)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(compile, regex, kRegex)->Arg(10'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace proa::route
