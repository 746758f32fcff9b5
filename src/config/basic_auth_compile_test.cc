#include "config/basic_auth_compile.h"

#include <gmock/gmock.h>

#include "config/test_compile.h"

namespace proa::config {
namespace {

using testing::HasSubstr;

struct BasicAuthCompile : CompileTest {
  std::shared_ptr<filters::BasicAuthConfig> compile(const std::string& users, const std::string& more = "") {
    return compile_basic_auth(read<envoy::extensions::filters::http::basic_auth::v3::BasicAuth>(
                                  "{users: {inline_string: \"" + users + "\"}" + more + "}"),
                              at);
  }
};

TEST_F(BasicAuthCompile, reads_what_htpasswd_writes) {
  auto to = compile("# staff\\nann:{SHA}qUqP5cyxm6YcTAhz05Hph5gvu9M=\\r\\n\\nbob:{SHA}qUqP5cyxm6YcTAhz05Hph5gvu9M=",
                    ", forward_username_header: X-User, authentication_header: X-Auth, realm: shop");
  EXPECT_EQ(problem_lines(), "");
  ASSERT_EQ(to->users.size(), 2U);
  EXPECT_EQ(to->users.at("ann").size(), 20U);
  EXPECT_EQ(to->users.at("ann"), to->users.at("bob"));
  EXPECT_EQ(to->forward_username_header, "x-user");
  EXPECT_EQ(to->header, "x-auth");
  EXPECT_EQ(to->realm, "shop");
}

TEST_F(BasicAuthCompile, names_the_line_that_is_wrong_but_no_hash) {
  compile(
      "ann\\n:x\\nbob:$apr1$secret\\ncid:{SHA}secret\\ndan:{SHA}qUqP5cyxm6YcTAhz05Hph5gvu9M=\\n"
      "dan:{SHA}qUqP5cyxm6YcTAhz05Hph5gvu9M=");
  EXPECT_THAT(problem_lines(), HasSubstr("users: line 1 is not NAME:{SHA}HASH\n"));
  EXPECT_THAT(problem_lines(), HasSubstr("users: line 2 is not NAME:{SHA}HASH\n"));
  EXPECT_THAT(problem_lines(), HasSubstr("users: line 3: the hash of \"bob\" is not {SHA}"));
  EXPECT_THAT(problem_lines(), HasSubstr("users: line 4: the hash of \"cid\" is not the base64"));
  EXPECT_THAT(problem_lines(), HasSubstr("users: line 6: \"dan\" is there twice\n"));
  EXPECT_THAT(problem_lines(), testing::Not(HasSubstr("secret")));
}

}  // namespace
}  // namespace proa::config
