#include "config/internal_redirect_compile.h"

#include <gmock/gmock.h>

#include "config/test_compile.h"

namespace proa::config {
namespace {

using testing::ElementsAre;

struct InternalRedirectCompile : CompileTest {
  route::InternalRedirect policy(const std::string& yaml) {
    return compile_internal_redirect(read<envoy::config::route::v3::InternalRedirectPolicy>(yaml), at);
  }
  static std::string predicate(const std::string& type, const std::string& fields = "") {
    return "{name: p, typed_config: {'@type': type.googleapis.com/envoy.extensions.internal_redirect." + type + fields +
           "}}";
  }
};

TEST_F(InternalRedirectCompile, defaults) {
  const auto to = policy("{}");
  EXPECT_TRUE(to.enabled);
  EXPECT_EQ(to.max_redirects, 1U);
  EXPECT_THAT(to.codes, ElementsAre(302));
  EXPECT_EQ(to.cross_scheme, route::CrossScheme::kNever);
  EXPECT_FALSE(to.previous_routes || to.allowed_routes);
}

TEST_F(InternalRedirectCompile, codes_that_are_no_redirect_are_told) {
  EXPECT_THAT(policy("{redirect_response_codes: [301, 200, 308]}").codes, ElementsAre(301, 308));
  EXPECT_EQ(problem_lines(), "redirect_response_codes[1]: 200 is no redirect and is ignored, as by Envoy\n");
}

TEST_F(InternalRedirectCompile, predicates) {
  const auto to = policy(
      "{allow_cross_scheme_redirect: true, predicates: [" + predicate("previous_routes.v3.PreviousRoutesConfig") +
      ", " + predicate("safe_cross_scheme.v3.SafeCrossSchemeConfig") + ", " +
      predicate("allow_listed_routes.v3.AllowListedRoutesConfig", ", allowed_route_names: [a]") + "]}");
  EXPECT_EQ(problem_lines(), "");
  EXPECT_TRUE(to.previous_routes);
  EXPECT_EQ(to.cross_scheme, route::CrossScheme::kSafe);
  EXPECT_THAT(*to.allowed_routes, ElementsAre("a"));
}

TEST_F(InternalRedirectCompile, the_target_is_not_copied_from_headers) {
  EXPECT_THAT(policy("{response_headers_to_copy: [X-Copy]}").response_headers_to_copy, ElementsAre("x-copy"));
  EXPECT_EQ(problem_lines(), "");
  policy("{response_headers_to_copy: [':path', host]}");
  EXPECT_EQ(problem_lines(),
            "response_headers_to_copy[0]: names a part of the request's target\n"
            "response_headers_to_copy[1]: names a part of the request's target\n");
}

}  // namespace
}  // namespace proa::config
