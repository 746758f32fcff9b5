#include "mesh/source/yaml_documents.h"

#include <gtest/gtest.h>

#include <array>

namespace proa::mesh {
namespace {

struct Read {
  std::optional<Documents> documents;
  std::string problems;
};

Read read(std::string_view text, std::string_view file = "a.yaml") {
  config::Problems problems;
  auto documents = read_documents(text, file, problems);
  return {std::move(documents), problems.str()};
}

TEST(YamlDocuments, have_their_metadata) {
  const Read got = read(
      "apiVersion: networking.istio.io/v1beta1\nkind: Sidecar\nmetadata:\n  name: a\n  labels: {x: y}\n"
      "  annotations: {n: 'v'}\n  creationTimestamp: 2026-01-01T00:00:00Z\n  uid: u\n---\n"
      "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n");
  EXPECT_EQ(got.problems, "");
  ASSERT_EQ(got.documents->good.size(), 2u);
  const Document& sidecar = got.documents->good[0];
  EXPECT_EQ(sidecar.key, (ObjectKey{Kind::sidecar, "default", "a"}));
  EXPECT_EQ(sidecar.meta.labels.at("x"), "y");
  EXPECT_EQ(sidecar.meta.created, 1767225600);
  EXPECT_EQ(got.documents->good[1].key, (ObjectKey{Kind::k8s_namespace, "", "shop"}));
  EXPECT_EQ(shown(got.documents->good[1].meta.origin), "Namespace shop (a.yaml:10)");
}

TEST(YamlDocuments, a_list_and_json_hold_objects_too) {
  const std::string object = R"({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a"}})";
  const Read got = read(R"({"apiVersion": "v1", "kind": "List", "items": [)" + object + "]}", "a.json");
  EXPECT_EQ(got.problems, "");
  ASSERT_EQ(got.documents->good.size(), 1u);
  EXPECT_EQ(got.documents->good[0].key.name, "a");
}

TEST(YamlDocuments, contents_are_equal_wherever_they_stand) {
  const std::string object = "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n";
  const auto one = read(object);
  const auto other = read("# above\n\n" + object);
  const auto different = read("apiVersion: v1\nkind: Namespace\nmetadata: {name: a, labels: {x: y}}\n");
  EXPECT_EQ(one.documents->good[0].contents, other.documents->good[0].contents);
  EXPECT_NE(one.documents->good[0].contents, different.documents->good[0].contents);
}

TEST(YamlDocuments, say_what_is_wrong_with_an_envelope) {
  const std::array<std::pair<std::string, std::string>, 12> table = {{
      {"- a\n", "a.yaml:1:1: is a list, but must be an object; an object begins with apiVersion and kind\n1 error\n"},
      {"kind: Service\n", "a.yaml:1:1: has no apiVersion; write it as in networking.istio.io/v1\n1 error\n"},
      {"apiVersion: v1\n", "a.yaml:1:1: has no kind; write it as in VirtualService\n1 error\n"},
      {"apiVersion: networking.istio.io/v1\nkind: VirtualServices\n",
       "a.yaml:2:7: kind: networking.istio.io has no kind \"VirtualServices\" that Proa takes; did you mean "
       "'VirtualService'?\n1 error\n"},
      {"apiVersion: networking.istio.io/v2\nkind: Sidecar\n",
       "a.yaml:2:7: kind: Sidecar has no version \"v2\"; write networking.istio.io/v1\n1 error\n"},
      {"apiVersion: networking.istio.oi/v1\nkind: Sidecar\n",
       "a.yaml:2:7: kind: \"networking.istio.oi/v1\" is no group of kind Sidecar; write networking.istio.io/v1\n"
       "1 error\n"},
      {"apiVersion: security.istio.io/v1\nkind: Telemetry\n",
       "a.yaml:2:7: kind: security.istio.io has no kind \"Telemetry\" that Proa takes; its apiVersion is "
       "telemetry.istio.io/v1\n1 error\n"},
      {"apiVersion: apps/v1\nkind: Deployment\n",
       "a.yaml:2:7: warning: kind: a Deployment of apps/v1 is nothing that Proa takes; it is not used\n1 warning\n"},
      {"apiVersion: v1\nkind: Service\nmetadata: {}\n", "a.yaml:3:11: metadata.name: is missing\n1 error\n"},
      {"apiVersion: v1\nkind: Service\nmetadata: {name: A_b}\n",
       "a.yaml:3:18: metadata.name: is \"A_b\", but must be labels of a-z, 0-9 and '-' with dots between\n1 error\n"},
      {"apiVersion: v1\nkind: Namespace\nmetadata: {name: a, namespace: b}\n",
       "a.yaml:3:32: metadata.namespace: is set, but a Namespace has no namespace; remove it\n1 error\n"},
      {"apiVersion: v1\nkind: Namespace\nmetadata: {name: a, lables: {}}\n",
       "a.yaml:3:21: metadata.lables: unknown field of metadata; did you mean 'labels'?\n1 error\n"},
  }};
  for (const auto& [text, wanted] : table) EXPECT_EQ(read(text).problems, wanted) << text;
}

}  // namespace
}  // namespace proa::mesh
