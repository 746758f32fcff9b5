#include "config/early_request_compile.h"

#include <gmock/gmock.h>

#include "config/test_compile.h"

namespace proa::config {
namespace {

using envoy::extensions::filters::network::http_connection_manager::v3::HttpConnectionManager;
using testing::HasSubstr;

struct EarlyRequestCompile : CompileTest {
  proxy::ConnectionManager to;
  /// `extensions`: of original_ip_detection_extensions, in YAML.
  const std::vector<proxy::IpDetection>& detect(const std::string& extensions) {
    to.ip_detections.clear();
    compile_early_request(
        read<HttpConnectionManager>("{stat_prefix: m, original_ip_detection_extensions: [" + extensions + "]}"), to,
        at);
    return to.ip_detections;
  }
  static std::string extension(std::string_view type, std::string_view fields) {
    return "{name: e, typed_config: {\"@type\": type.googleapis.com/envoy.extensions.http." + std::string(type) +
           std::string(fields) + "}}";
  }
  static std::string xff(std::string_view fields) {
    return extension("original_ip_detection.xff.v3.XffConfig", fields);
  }
  static std::string header(std::string_view fields) {
    return extension("original_ip_detection.custom_header.v3.CustomHeaderConfig, header_name: X-Real-IP", fields);
  }
};

TEST_F(EarlyRequestCompile, without_extensions_there_is_nothing) {
  EXPECT_TRUE(detect("").empty());
  EXPECT_EQ(to.own_ip, "");
  EXPECT_EQ(problem_lines(), "");
}

TEST_F(EarlyRequestCompile, by_hops_or_by_proxies) {
  const auto& found = detect(xff(", xff_num_trusted_hops: 2") + ", " +
                             xff(", xff_trusted_cidrs: {cidrs: [{address_prefix: 10.0.0.0, prefix_len: 8}]}, "
                                 "skip_xff_append: false"));
  EXPECT_EQ(problem_lines(), "");
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].xff_trusted_hops, 2U);
  EXPECT_TRUE(found[0].skip_xff_append);
  EXPECT_TRUE(found[0].header.empty() && found[0].xff_trusted_proxies.empty());
  EXPECT_EQ(found[1].xff_trusted_proxies.size(), 1U);
  EXPECT_FALSE(found[1].skip_xff_append);
  EXPECT_NE(to.own_ip, "") << "a loopback peer is written as this";
}

TEST_F(EarlyRequestCompile, hops_and_proxies_exclude_each_other) {
  detect(xff(", xff_num_trusted_hops: 2, xff_trusted_cidrs: {cidrs: [{address_prefix: 10.0.0.0, prefix_len: 8}]}"));
  EXPECT_THAT(problem_lines(), HasSubstr("xff_num_trusted_hops beside xff_trusted_cidrs"));
}

TEST_F(EarlyRequestCompile, by_a_header_of_its_own) {
  const auto& found = detect(header("") + ", " +
                             header(", allow_extension_to_set_address_as_trusted: true, reject_with_status: "
                                    "{code: Unauthorized}") +
                             ", " + header(", reject_with_status: {code: OK}"));
  EXPECT_EQ(problem_lines(), "");
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0].header, "x-real-ip");
  EXPECT_FALSE(found[0].trust);
  EXPECT_EQ(found[0].reject_status, 0);
  EXPECT_TRUE(found[1].trust);
  EXPECT_EQ(found[1].reject_status, 401);
  EXPECT_EQ(found[2].reject_status, 403) << "a refusal is an error";
}

TEST_F(EarlyRequestCompile, extensions_replace_the_other_ways) {
  to.use_remote_address = true;
  to.xff_num_trusted_hops = 1;
  detect(xff(""));
  EXPECT_THAT(problem_lines(), HasSubstr("cannot stand beside use_remote_address"));
  EXPECT_THAT(problem_lines(), HasSubstr("cannot stand beside xff_num_trusted_hops"));
}

TEST_F(EarlyRequestCompile, headers_change_before_anything_looks_at_them) {
  const std::string mutation =
      "early_header_mutation.header_mutation.v3.HeaderMutation, mutations: [{remove: x-a}, {append: {header: {key: "
      "x-b, value: '1'}}}]";
  compile_early_request(read<HttpConnectionManager>("{stat_prefix: m, early_header_mutation_extensions: [" +
                                                    extension(mutation, "") + "]}"),
                        to, at);
  EXPECT_EQ(problem_lines(), "");
  EXPECT_EQ(to.early_headers.steps().size(), 2U);
}

TEST_F(EarlyRequestCompile, what_is_no_such_extension_is_named) {
  const std::string router =
      "{name: e, typed_config: {\"@type\": "
      "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}}";
  compile_early_request(read<HttpConnectionManager>("{stat_prefix: m, original_ip_detection_extensions: [" + router +
                                                    "], early_header_mutation_extensions: [" + router + "]}"),
                        to, at);
  EXPECT_THAT(problem_lines(), HasSubstr("no way to detect the client's address"));
  EXPECT_THAT(problem_lines(), HasSubstr("no early change of headers"));
}

}  // namespace
}  // namespace proa::config
