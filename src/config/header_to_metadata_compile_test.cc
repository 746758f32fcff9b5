#include "config/header_to_metadata_compile.h"

#include <gmock/gmock.h>

#include "config/test_compile.h"

namespace proa::config {
namespace {

using testing::HasSubstr;

struct HeaderToMetadataCompile : CompileTest {
  std::shared_ptr<filters::HeaderToMetadataConfig> compile(const std::string& yaml) {
    return compile_header_to_metadata(
        read<envoy::extensions::filters::http::header_to_metadata::v3::Config>("{" + yaml + "}"), at);
  }
};

TEST_F(HeaderToMetadataCompile, reads_rules) {
  auto to = compile(
      "request_rules: [{header: X-Ver, on_header_present: {key: k, type: NUMBER, encode: BASE64}, remove: true}], "
      "response_rules: [{header: b, on_header_missing: {metadata_namespace: n, key: k, value: none}}]");
  EXPECT_EQ(problem_lines(), "");
  ASSERT_EQ(to->request.size(), 1U);
  EXPECT_EQ(to->request[0].header, "x-ver");
  EXPECT_TRUE(to->request[0].remove && to->request[0].present->number && to->request[0].present->base64);
  EXPECT_EQ(to->request[0].present->space, "envoy.filters.http.header_to_metadata");
  EXPECT_FALSE(to->request[0].missing);
  ASSERT_EQ(to->response.size(), 1U);
  EXPECT_EQ(to->response[0].missing->space, "n");
}

TEST_F(HeaderToMetadataCompile, names_what_contradicts_itself) {
  compile(
      "request_rules: [{header: a, cookie: b, on_header_present: {key: k}}, {header: a}, {header: a, "
      "on_header_missing: {key: k}}, {cookie: c, remove: true, on_header_present: {key: k}}], response_rules: "
      "[{cookie: c, on_header_present: {key: k}}]");
  EXPECT_THAT(problem_lines(), HasSubstr("request_rules[0]: must have either header or cookie\n"));
  EXPECT_THAT(problem_lines(), HasSubstr("request_rules[1]: has neither"));
  EXPECT_THAT(problem_lines(), HasSubstr("request_rules[2].on_header_missing: has no value\n"));
  EXPECT_THAT(problem_lines(), HasSubstr("request_rules[3]: a cookie cannot be removed\n"));
  EXPECT_THAT(problem_lines(), HasSubstr("response_rules[0]: a response has no Cookie field\n"));
}

}  // namespace
}  // namespace proa::config
