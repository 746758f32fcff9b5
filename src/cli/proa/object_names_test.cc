#include "cli/proa/object_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace proa::cli {
namespace {

using mesh::Kind;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(ObjectNames, kinds_have_the_words_of_kubectl) {
  for (const auto& [word, kind] : {std::pair("vs", Kind::virtual_service),
                                   {"virtualservice", Kind::virtual_service},
                                   {"VirtualServices", Kind::virtual_service},
                                   {"virtualservices.networking.istio.io", Kind::virtual_service},
                                   {"virtualservices.v1.networking.istio.io", Kind::virtual_service},
                                   {"dr", Kind::destination_rule},
                                   {"gw", Kind::gateway},
                                   {"gateway", Kind::gateway},
                                   {"gtw", Kind::api_gateway},
                                   {"gateways.gateway.networking.k8s.io", Kind::api_gateway},
                                   {"se", Kind::service_entry},
                                   {"ap", Kind::authorization_policy},
                                   {"pa", Kind::peer_authentication},
                                   {"ra", Kind::request_authentication},
                                   {"telemetry", Kind::telemetry},
                                   {"httproute", Kind::http_route},
                                   {"svc", Kind::k8s_service},
                                   {"ns", Kind::k8s_namespace}}) {
    const auto found = find_kind(word);
    ASSERT_TRUE(found) << word;
    EXPECT_EQ(*found, kind) << word;
  }
}

TEST(ObjectNames, every_kind_that_can_be_written_has_words) {
  for (const mesh::KindInfo& kind : mesh::all_kinds()) {
    if (kind.kind == Kind::mesh_config) continue;
    const std::string word = std::string(kind.name) + (kind.group.empty() ? "" : "." + std::string(kind.group));
    EXPECT_EQ(find_kind(word).value(), kind.kind);
  }
}

TEST(ObjectNames, an_unknown_word_is_refused_with_the_nearest) {
  EXPECT_THAT(find_kind("virtualservce").error().message, HasSubstr("did you mean 'virtualservice"));
  EXPECT_FALSE(find_kind("vs.example.com"));
  EXPECT_FALSE(find_kind(""));
}

TEST(ObjectNames, words_name_kinds_or_objects) {
  EXPECT_THAT(ObjectNames::parse({}).value().kinds, IsEmpty());
  EXPECT_THAT(ObjectNames::parse({"vs,dr"}).value().kinds, ElementsAre(Kind::virtual_service, Kind::destination_rule));
  const ObjectNames two = ObjectNames::parse({"vs", "a", "b"}).value();
  EXPECT_THAT(two.kinds, IsEmpty());
  ASSERT_EQ(two.objects.size(), 2u);
  EXPECT_EQ(two.objects[1].name, "b");
  const ObjectNames mixed = ObjectNames::parse({"vs/a", "ns/b"}).value();
  ASSERT_EQ(mixed.objects.size(), 2u);
  EXPECT_EQ(mixed.objects[1].kind, Kind::k8s_namespace);
  EXPECT_FALSE(ObjectNames::parse({"vs/a", "b"}));
  EXPECT_FALSE(ObjectNames::parse({"vs/"}));
}

}  // namespace
}  // namespace proa::cli
