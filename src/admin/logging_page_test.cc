#include "admin/test_server.h"
#include "base/log.h"

namespace proa::admin {
namespace {

struct LoggingPage : ServerTest {
  ~LoggingPage() override { spdlog::set_level(spdlog::level::info); }
};

TEST_F(LoggingPage, lists_levels) {
  spdlog::set_level(spdlog::level::info);
  const std::string text = get("/logging").body;
  EXPECT_TRUE(text.starts_with("active loggers:\n")) << text;
  EXPECT_NE(text.find("  upstream: info\n"), text.npos);
}

TEST_F(LoggingPage, sets_one_several_or_all) {
  EXPECT_NE(post("/logging?level=warning").body.find("  config: warning\n"), std::string::npos);
  EXPECT_NE(post("/logging?upstream=debug").body.find("  upstream: debug\n"), std::string::npos);
  EXPECT_EQ(log::get("config").level(), spdlog::level::warn);
  post("/logging?paths=config:trace,connection:error");
  EXPECT_EQ(log::get("config").level(), spdlog::level::trace);
  EXPECT_EQ(log::get("connection").level(), spdlog::level::err);
}

TEST_F(LoggingPage, a_mistake_changes_nothing) {
  post("/logging?level=info");
  for (auto target : {"/logging?upstream=debug&config=loud", "/logging?upstream=debug&nobody=info",
                      "/logging?paths=upstream:debug,config"}) {
    EXPECT_EQ(post(target).status, 400) << target;
  }
  EXPECT_EQ(log::get("upstream").level(), spdlog::level::info);
}

TEST_F(LoggingPage, changing_takes_post) {
  Response response = get("/logging?level=trace");
  EXPECT_EQ(response.status, 405);
  EXPECT_EQ(response.allow, "POST");
}

}  // namespace
}  // namespace proa::admin
