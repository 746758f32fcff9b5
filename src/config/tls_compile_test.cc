#include "config/tls_compile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "config/test_compile.h"
#include "envoy/config/core/v3/base.pb.h"

namespace proa::config {
namespace {

using testing::HasSubstr;

struct TlsCompile : CompileTest {
  /// Every problem of a downstream context.
  std::string problems_of(const std::string& fields) {
    const auto socket = read<envoy::config::core::v3::TransportSocket>(
        "{name: tls, typed_config: {\"@type\": "
        "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext, " +
        fields + "}}");
    EXPECT_EQ(compile_downstream_socket(socket, at, compiler), nullptr);
    return problem_lines();
  }
};

TEST_F(TlsCompile, an_unreadable_ca_is_one_problem) {
  const std::string found = problems_of(
      "require_client_certificate: true, common_tls_context: {validation_context: {trusted_ca: {filename: "
      "/no/such/ca.pem}, match_typed_subject_alt_names: [{san_type: DNS, matcher: {exact: a}}]}}");
  EXPECT_THAT(found, HasSubstr("/no/such/ca.pem"));
  EXPECT_EQ(std::ranges::count(found, '\n'), 1) << found;
}

TEST_F(TlsCompile, a_required_certificate_wants_somebody_to_trust) {
  EXPECT_THAT(problems_of("require_client_certificate: true"),
              HasSubstr("a client certificate is required, but nothing says whom to trust"));
  EXPECT_THAT(problems_of("common_tls_context: {validation_context: {match_typed_subject_alt_names: [{san_type: DNS, "
                          "matcher: {exact: a}}]}}"),
              HasSubstr("names are to be matched, but nothing says whom to trust"));
  EXPECT_THAT(problems_of("require_client_certificate: true, common_tls_context: {validation_context: {trusted_ca: "
                          "{inline_string: ''}}}"),
              HasSubstr("trust"))
      << "an empty CA trusts nobody";
}

TEST_F(TlsCompile, old_versions_are_refused_by_field) {
  EXPECT_THAT(problems_of("common_tls_context: {tls_params: {tls_minimum_protocol_version: TLSv1_1}}"),
              HasSubstr("tls_params.tls_minimum_protocol_version: TLS 1.0 and 1.1 are not supported"));
}

}  // namespace
}  // namespace proa::config
