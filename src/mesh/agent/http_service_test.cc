#include "mesh/agent/http_service.h"

#include <gtest/gtest.h>

#include <optional>

#include "mesh/agent/http_fetch.h"
#include "net/test_loop.h"

namespace proa::mesh {
namespace {

class Service : public testing::Test {
 protected:
  Service()
      : service(std::make_unique<HttpService>(loop, [this](const HttpQuestion& asked, HttpService::Reply to) {
          question = asked;
          reply = std::move(to);
          if (answer) reply(*answer);
        })) {
    address = *service->listen(net::Address::loopback(net::Address::Family::kIpv4, 0));
  }
  ~Service() override {
    service.reset();
    loop.settle();
  }
  FetchOptions to(std::string_view path, std::string_view method = "GET") const {
    return {.to = address, .method = method, .path = path};
  }
  bool wait(const std::function<bool()>& done) {
    for (int i = 0; i < 300 && !done(); ++i) {
      loop.run_until(done, 100);
      if (!done()) loop.run_for(Milliseconds(5));
    }
    return done();
  }

  net::TestLoop loop;
  std::optional<HttpAnswer> answer = HttpAnswer{.body = "hello\n"};
  HttpQuestion question;
  HttpService::Reply reply;
  std::unique_ptr<HttpService> service;
  net::Address address;
};

TEST_F(Service, answers_what_is_asked) {
  HttpFetch fetch(loop);
  std::optional<Fetched> got;
  fetch.start(to("/a?b=c", "POST"), [&](Fetched fetched) { got = std::move(fetched); });
  ASSERT_TRUE(wait([&] { return got.has_value(); }));
  EXPECT_EQ(got->status, 200);
  EXPECT_EQ(got->body, "hello\n");
  EXPECT_EQ(question.method, "POST");
  EXPECT_EQ(question.path, "/a");
  EXPECT_TRUE(question.from.is_loopback());
}

TEST_F(Service, an_answer_may_come_later_or_after_the_client_has_gone) {
  answer.reset();
  auto fetch = std::make_unique<HttpFetch>(loop);
  std::optional<Fetched> got;
  fetch->start(to("/late"), [&](Fetched fetched) { got = std::move(fetched); });
  ASSERT_TRUE(wait([&] { return reply != nullptr; }));
  reply({.status = 404});
  ASSERT_TRUE(wait([&] { return got.has_value(); }));
  EXPECT_EQ(got->status, 404);
  reply = nullptr;
  fetch->start(to("/never"), [&](Fetched) { FAIL(); });
  ASSERT_TRUE(wait([&] { return reply != nullptr; }));
  fetch.reset();
  loop.settle();
  reply({.status = 200});
  service.reset();
  reply({.status = 200});
}

TEST_F(Service, a_fetch_ends_in_time) {
  answer.reset();
  HttpFetch fetch(loop);
  std::optional<Fetched> got;
  fetch.start(to("/hangs"), [&](Fetched fetched) { got = std::move(fetched); });
  ASSERT_TRUE(wait([&] { return got.has_value(); }));
  EXPECT_EQ(got->status, 0);
  EXPECT_EQ(got->body, "no answer in time");
}

TEST_F(Service, a_fetch_takes_no_more_than_it_may) {
  answer->body.assign(10'000, 'x');
  HttpFetch fetch(loop);
  std::optional<Fetched> got;
  FetchOptions options = to("/long");
  options.max_body = 100;
  fetch.start(options, [&](Fetched fetched) { got = std::move(fetched); });
  ASSERT_TRUE(wait([&] { return got.has_value(); }));
  EXPECT_EQ(got->status, 0);
}

}  // namespace
}  // namespace proa::mesh
