#include "admin/pages.h"

#include "admin/test_server.h"

namespace proa::admin {
namespace {

using Pages = ServerTest;

TEST_F(Pages, help_and_home_name_every_page) {
  const std::string help = get("/help").body;
  const std::string home = get("/").body;
  for (const Page& page : pages()) {
    EXPECT_NE(help.find("\n  " + std::string(page.path) + ": "), help.npos) << page.path;
    if (page.path == "/") continue;
    EXPECT_NE(home.find(">" + std::string(page.path.substr(1)) + "<"), home.npos) << page.path;
  }
  EXPECT_EQ(get("/").content_type, kHtml);
}

TEST_F(Pages, home_offers_changes_as_forms_and_loads_nothing_from_elsewhere) {
  const std::string home = get("/").body;
  EXPECT_NE(home.find("<form method=\"post\" action=\"quitquitquit\">"), home.npos);
  EXPECT_EQ(home.find("http://"), home.npos);
  EXPECT_EQ(home.find("<script"), home.npos);
}

TEST_F(Pages, unknown_path_answers_404_with_help) {
  Response response = get("/nothing?x=1");
  EXPECT_EQ(response.status, 404);
  EXPECT_NE(response.body.find("/stats"), std::string::npos);
}

TEST_F(Pages, changes_take_post_only) {
  for (const Page& page : pages()) {
    if (!page.changes) continue;
    Response response = get(page.path);
    EXPECT_EQ(response.status, 405) << page.path;
    EXPECT_EQ(response.allow, "POST") << page.path;
  }
  EXPECT_EQ(quits, 0);
  EXPECT_EQ(server->state(), proxy::ServerState::kPreInitializing);
}

TEST_F(Pages, reading_takes_get_head_and_post) {
  EXPECT_EQ(answer(admin(), http::Method::kHead, "/help").status, 200);
  EXPECT_EQ(post("/help").status, 200);
  Response refused = answer(admin(), http::Method::kDelete, "/help");
  EXPECT_EQ(refused.status, 405);
  EXPECT_EQ(refused.allow, "GET, HEAD, POST");
}

// The admin surface may be open before a configuration is in force.
TEST_F(Pages, every_page_answers_before_the_server_has_started) {
  for (const Page& page : pages()) {
    Response response = page.changes ? post(page.path) : get(page.path);
    EXPECT_TRUE(response.status == 200 || !response.body.empty()) << page.path;
  }
}

}  // namespace
}  // namespace proa::admin
