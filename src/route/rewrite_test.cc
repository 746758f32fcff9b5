#include "route/rewrite.h"

#include <gtest/gtest.h>

#include "route/test_request.h"

namespace proa::route {
namespace {

using http::HeaderId;
using std::chrono::milliseconds;

http::RegexRewrite regex(std::string_view pattern, std::string substitution) {
  return {http::Regex::compile(pattern).value(), std::move(substitution)};
}

struct Fixture {
  Route route;
  std::shared_ptr<Forward> forward = std::make_shared<Forward>();
  explicit Fixture(PathMatch path = PathPrefix{"/a"}) {
    RouteMatch match;
    match.path = std::move(path);
    route.match = std::make_shared<RouteMatch>(std::move(match));
    route.action = std::shared_ptr<const Forward>(forward);
  }
  void rewrite(TestRequest& request) { rewrite_request(request.head, route, request.info, request.arena); }
  std::string path(std::string_view before) {
    TestRequest request(before);
    rewrite(request);
    return std::string(request.head.path);
  }
};

TEST(Rewrite, prefix_replaces_what_the_route_matched_and_keeps_the_query) {
  Fixture f;
  f.forward->path_rewrite = PrefixRewrite{"/b"};
  EXPECT_EQ(f.path("/a/x?q=1"), "/b/x?q=1");
  Fixture exact(PathExact{"/a"});
  exact.forward->path_rewrite = PrefixRewrite{"/b/c"};
  EXPECT_EQ(exact.path("/a?q"), "/b/c?q");
  Fixture whole(PathRegex{http::Regex::compile("/a.*").value()});
  whole.forward->path_rewrite = PrefixRewrite{"/b"};
  EXPECT_EQ(whole.path("/abc?q"), "/b?q");
}

TEST(Rewrite, regex_never_sees_the_query) {
  Fixture f;
  f.forward->path_rewrite = regex("^/a/([^/]+)/(.*)$", "/\\2/\\1");
  EXPECT_EQ(f.path("/a/x/y/z?p=/a/b/c"), "/y/z/x?p=/a/b/c");
}

TEST(Rewrite, uri_template) {
  auto match = UriTemplate::compile("/a/{x}/{y=**}").value();
  Fixture f(PathTemplate{match});
  f.forward->path_rewrite = PathTemplateRewrite{UriTemplateRewrite::compile("/{y}/{x}", match).value()};
  EXPECT_EQ(f.path("/a/1/2/3?q"), "/2/3/1?q");
}

TEST(Rewrite, what_is_made_of_the_request_stays_a_valid_target) {
  Fixture f;
  f.forward->path_rewrite =
      PathFormatRewrite{observe::Formatter::compile("/x/%QUERY_PARAM(p)%", observe::FormatTarget::kHeader).value()};
  EXPECT_EQ(f.path("/a?p=b%20HTTP/1.1%0d%0aEvil:%20x"), "/x/b%20HTTP/1.1%20%20Evil:%20x?p=b%20HTTP/1.1%0d%0aEvil:%20x");
  f.forward->path_rewrite = regex("^/a/", "");
  EXPECT_EQ(f.path("/a/b"), "/b");
  f.forward->host_rewrite = HostFromHeader{"x-host"};
  TestRequest request("/a", "example.com", {{"x-host", "evil host/"}});
  f.rewrite(request);
  EXPECT_EQ(request.head.authority, "example.com");
}

TEST(Rewrite, original_path_is_kept_only_when_the_path_changes) {
  Fixture f;
  TestRequest same("/a");
  f.rewrite(same);
  EXPECT_FALSE(same.head.headers.has(HeaderId::kXEnvoyOriginalPath));
  f.forward->path_rewrite = PrefixRewrite{"/b"};
  TestRequest request("/a?q");
  f.rewrite(request);
  EXPECT_EQ(request.head.headers.value(HeaderId::kXEnvoyOriginalPath), "/a?q");
  TestRequest quiet("/a");
  rewrite_request(quiet.head, f.route, quiet.info, quiet.arena, false);
  EXPECT_FALSE(quiet.head.headers.has(HeaderId::kXEnvoyOriginalPath));
}

TEST(Rewrite, host_in_each_of_its_ways) {
  auto host = [](HostRewrite rewrite, std::string literal = "") {
    Fixture f;
    f.forward->host_rewrite = std::move(rewrite);
    f.route.host_rewrite_literal = std::move(literal);
    TestRequest request("/a/up.example/x?q", "example.com", {{"x-host", "from-header"}});
    f.rewrite(request);
    rewrite_host_for_endpoint(request.head, f.route, "endpoint", request.arena);
    return std::string(request.head.authority);
  };
  EXPECT_EQ(host({}), "example.com");
  EXPECT_EQ(host(HostLiteral{"lit"}), "lit");
  EXPECT_EQ(host(HostLiteral{"lit"}, "weighted"), "weighted");
  EXPECT_EQ(host(HostFromHeader{"x-host"}), "from-header");
  EXPECT_EQ(host(HostFromHeader{"x-absent"}), "example.com");
  EXPECT_EQ(host(HostFromPath{regex("^/a/([^/]+)/.*$", "\\1")}), "up.example");
  EXPECT_EQ(host(HostAuto{}), "endpoint");
}

TEST(Rewrite, forwarded_host_is_appended_when_asked) {
  Fixture f;
  f.forward->host_rewrite = HostLiteral{"new"};
  f.forward->append_x_forwarded_host = true;
  TestRequest request("/a", "example.com", {{"x-forwarded-host", "first"}});
  f.rewrite(request);
  EXPECT_EQ(request.head.headers.value(HeaderId::kXForwardedHost), "first,example.com");
}

TEST(Rewrite, the_host_as_it_came_is_kept_in_a_header) {
  Fixture f;
  f.forward->host_rewrite = HostLiteral{"new"};
  TestRequest request("/a", "example.com");
  f.rewrite(request);
  EXPECT_EQ(request.head.headers.value(HeaderId::kXEnvoyOriginalHost), "example.com");
  TestRequest quiet("/a", "example.com");
  rewrite_request(quiet.head, f.route, quiet.info, quiet.arena, false);
  EXPECT_FALSE(quiet.head.headers.has(HeaderId::kXEnvoyOriginalHost));
}

TEST(Timeouts, route_s_unless_the_request_asks_otherwise) {
  Fixture f;
  EXPECT_EQ(request_timeouts(f.route, TestRequest("/").head).global, milliseconds(15000));
  TestRequest asked("/", "h", {{"x-envoy-upstream-rq-timeout-ms", "5"}});
  EXPECT_EQ(request_timeouts(f.route, asked.head).global, milliseconds(5));
  TestRequest zero("/", "h", {{"x-envoy-upstream-rq-timeout-ms", "0"}});
  EXPECT_EQ(request_timeouts(f.route, zero.head).global, kNever);
  TestRequest bad("/", "h", {{"x-envoy-upstream-rq-timeout-ms", "-1"}});
  EXPECT_EQ(request_timeouts(f.route, bad.head).global, milliseconds(15000));
  TestRequest expected("/", "h", {{"x-envoy-expected-rq-timeout-ms", "7"}});
  EXPECT_EQ(request_timeouts(f.route, expected.head).global, milliseconds(15000));
  EXPECT_EQ(request_timeouts(f.route, expected.head, true).global, milliseconds(7));
}

TEST(Timeouts, a_try_is_shorter_than_the_whole_or_has_none) {
  Fixture f;
  f.forward->retry = RetryPolicy{};
  f.forward->retry->per_try_timeout = milliseconds(100);
  EXPECT_EQ(request_timeouts(f.route, TestRequest("/").head).per_try, milliseconds(100));
  TestRequest asked("/", "h", {{"x-envoy-upstream-rq-timeout-ms", "100"}});
  EXPECT_EQ(request_timeouts(f.route, asked.head).per_try, kNever);
}

TEST(Timeouts, grpc_timeout_with_maximum_and_offset) {
  auto global = [](std::string_view header, milliseconds maximum, milliseconds offset) {
    Fixture f;
    f.forward->max_grpc_timeout = maximum;
    f.forward->grpc_timeout_offset = offset;
    TestRequest request("/", "h", {{"content-type", "application/grpc"}});
    if (!header.empty()) request.head.headers.add(HeaderId::kGrpcTimeout, header);
    return request_timeouts(f.route, request.head).global;
  };
  using ms = milliseconds;
  EXPECT_EQ(global("2S", ms(0), ms(0)), ms(2000));
  EXPECT_EQ(global("2S", ms(500), ms(0)), ms(500));
  EXPECT_EQ(global("2S", ms(0), ms(300)), ms(1700));
  EXPECT_EQ(global("", ms(0), ms(0)), kNever);
  EXPECT_EQ(global("", ms(500), ms(0)), ms(500));
  // Threats D10.
  EXPECT_EQ(global("99999999999999H", ms(0), ms(0)), kNever);
}

TEST(Timeouts, max_stream_duration_follows_grpc_timeout_when_allowed) {
  Fixture f;
  f.forward->max_stream_duration = MaxStreamDuration{milliseconds(9000), milliseconds(1000), milliseconds(0)};
  TestRequest request("/", "h", {{"content-type", "application/grpc"}, {"grpc-timeout", "3S"}});
  EXPECT_EQ(request_timeouts(f.route, request.head).max_stream_duration, milliseconds(1000));
  EXPECT_EQ(request_timeouts(f.route, TestRequest("/").head).max_stream_duration, milliseconds(9000));
}

TEST(Timeouts, max_stream_duration_that_the_route_leaves_to_the_manager_or_turns_off) {
  Fixture f;
  f.forward->max_stream_duration = MaxStreamDuration{{}, milliseconds(1000), milliseconds(0)};
  EXPECT_FALSE(request_timeouts(f.route, TestRequest("/").head).max_stream_set);
  f.forward->max_stream_duration = MaxStreamDuration{kNever, {}, milliseconds(0)};
  EXPECT_TRUE(request_timeouts(f.route, TestRequest("/").head).max_stream_set);
  EXPECT_EQ(request_timeouts(f.route, TestRequest("/").head).max_stream_duration, kNever);
}

TEST(Timeouts, a_try_has_a_duration_of_its_own) {
  Fixture f;
  f.forward->max_stream_duration = MaxStreamDuration{milliseconds(9000), {}, milliseconds(0)};
  TestRequest request("/", "h", {{"x-envoy-upstream-stream-duration-ms", "70"}});
  EXPECT_EQ(request_timeouts(f.route, request.head).upstream_duration, milliseconds(70));
  EXPECT_EQ(request_timeouts(f.route, request.head).max_stream_duration, milliseconds(9000));
  EXPECT_FALSE(request_timeouts(f.route, TestRequest("/").head).upstream_duration);
}

TEST(Timeouts, the_upstream_is_told_the_rest_of_the_time) {
  Fixture f;
  TestRequest request("/");
  auto told = [&](Timeouts timeouts, int elapsed) {
    request.head.headers.remove(HeaderId::kXEnvoyExpectedRqTimeoutMs);
    write_timeouts(f.route, timeouts, milliseconds(elapsed), true, request.head, request.arena);
    return request.head.headers.value(HeaderId::kXEnvoyExpectedRqTimeoutMs);
  };
  EXPECT_EQ(told({.global = milliseconds(100)}, 0), "100");
  EXPECT_EQ(told({.global = milliseconds(100), .per_try = milliseconds(60)}, 0), "60");
  EXPECT_EQ(told({.global = milliseconds(100), .per_try = milliseconds(60)}, 70), "30");
  EXPECT_EQ(told({.global = milliseconds(100)}, 200), "1");
  EXPECT_EQ(told({.per_try = milliseconds(60)}, 200), "60");
  EXPECT_EQ(told({}, 0), "");
  EXPECT_EQ(told({.global = milliseconds(100), .per_try = milliseconds(60), .hedge_on_per_try = true}, 0), "100");
}

TEST(Timeouts, grpc_timeout_goes_upstream_as_it_is_bounded) {
  Fixture f;
  f.forward->max_stream_duration = MaxStreamDuration{{}, milliseconds(150), milliseconds(0)};
  TestRequest grpc("/", "h", {{"content-type", "application/grpc"}, {"grpc-timeout", "5S"}});
  write_grpc_maximum(f.route, grpc.head, grpc.arena);
  EXPECT_EQ(grpc.head.headers.value(HeaderId::kGrpcTimeout), "150m");
  TestRequest shorter("/", "h", {{"content-type", "application/grpc"}, {"grpc-timeout", "50m"}});
  write_grpc_maximum(f.route, shorter.head, shorter.arena);
  EXPECT_EQ(shorter.head.headers.value(HeaderId::kGrpcTimeout), "50m");
  f.forward->max_stream_duration.reset();
  f.forward->max_grpc_timeout = milliseconds(150);
  write_timeouts(f.route, {.global = milliseconds(150)}, milliseconds(0), false, grpc.head, grpc.arena);
  EXPECT_EQ(grpc.head.headers.value(HeaderId::kGrpcTimeout), "150m");
  EXPECT_FALSE(grpc.head.headers.has(HeaderId::kXEnvoyExpectedRqTimeoutMs));
}

std::string location(Redirect redirect, TestRequest& request, PathMatch path = PathPrefix{"/a"}) {
  Route route;
  RouteMatch match;
  match.path = std::move(path);
  route.match = std::make_shared<RouteMatch>(std::move(match));
  route.action = std::make_shared<const Redirect>(std::move(redirect));
  return std::string(redirect_location(route, request.head, request.arena));
}

TEST(Redirect, each_part_replaces_its_own) {
  TestRequest request("/a/b?q=1", "example.com:8080");
  EXPECT_EQ(location({}, request), "http://example.com:8080/a/b?q=1");
  EXPECT_EQ(location({.host = "new.com"}, request), "http://new.com/a/b?q=1");
  EXPECT_EQ(location({.port = 99}, request), "http://example.com:99/a/b?q=1");
  EXPECT_EQ(location({.strip_query = true}, request), "http://example.com:8080/a/b");
  EXPECT_EQ(location({.path = Redirect::Path{"/new"}}, request), "http://example.com:8080/new?q=1");
  EXPECT_EQ(location({.path = Redirect::Path{"/new?own"}, .strip_query = true}, request),
            "http://example.com:8080/new?own");
  EXPECT_EQ(location({.path = Redirect::Prefix{"/z"}}, request), "http://example.com:8080/z/b?q=1");
  EXPECT_EQ(location({.path = regex("/b$", "/c")}, request), "http://example.com:8080/a/c?q=1");
}

TEST(Redirect, default_port_of_the_old_scheme_is_dropped) {
  TestRequest request("/", "example.com:80", {{"x-forwarded-proto", "http"}});
  EXPECT_EQ(location({.scheme = "https"}, request), "https://example.com/");
  EXPECT_EQ(location({}, request), "http://example.com:80/");
  TestRequest six("/", "[::1]:80");
  EXPECT_EQ(location({.scheme = "https"}, six), "https://[::1]/");
}

// Threats D9.
TEST(Redirect, control_bytes_are_encoded) {
  TestRequest request("/a/%0d%0a\r\nSet-Cookie: x", "h");
  EXPECT_EQ(location({}, request), "http://h/a/%0d%0a%0D%0ASet-Cookie:%20x");
}

TEST(DirectResponse, body_is_formatted) {
  TestRequest request("/a");
  DirectResponse response;
  EXPECT_EQ(direct_body(response, request.info, request.arena), "");
  response.empty = false;
  response.body = observe::Formatter::compile("path=%REQ(:PATH)%", observe::FormatTarget::kBody).value();
  EXPECT_EQ(direct_body(response, request.info, request.arena), "path=/a");
}

}  // namespace
}  // namespace proa::route
