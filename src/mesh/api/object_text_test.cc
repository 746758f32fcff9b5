#include "mesh/api/object_text.h"

#include <gtest/gtest.h>

#include "mesh/source/yaml_documents.h"

namespace proa::mesh {
namespace {

Document read(std::string_view text, std::string_view file = "a.yaml") {
  config::Problems problems;
  auto documents = read_documents(text, file, problems);
  EXPECT_EQ(problems.str(), "");
  return std::move(documents->good.front());
}

TEST(ObjectText, has_the_metadata_that_the_control_plane_keeps) {
  const std::string text = object_text(read(R"(
kind: ServiceEntry          # a comment
apiVersion: networking.istio.io/v1
metadata: {labels: {app: a}, resourceVersion: "5", name: x, creationTimestamp: 2020-01-01T00:00:00Z}
spec:
  hosts: [a.example.com]
  ports: [{number: 80, name: "http"}]
)"),
                                       {.created = 1767225600, .resource_version = 9});
  EXPECT_EQ(text, R"(kind: ServiceEntry
apiVersion: networking.istio.io/v1
metadata:
  name: x
  namespace: default
  labels:
    app: a
  creationTimestamp: 2026-01-01T00:00:00Z
  resourceVersion: "9"
spec:
  hosts:
  - a.example.com
  ports:
  - number: 80
    name: http
)");
  const Document again = read(text);
  EXPECT_EQ(again.meta.created, 1767225600);
  EXPECT_EQ(resource_version_of(again), "9");
  EXPECT_EQ(object_text(again, {.created = 1767225600, .resource_version = 9}), text);
}

TEST(ObjectText, kinds_without_a_namespace_get_none) {
  EXPECT_EQ(object_text(read("apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n"), {}),
            "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n");
}

TEST(ObjectText, json_becomes_yaml) {
  EXPECT_EQ(
      object_text(read(R"({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a", "labels": {"x": "1"}}})",
                       "a.json"),
                  {}),
      "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: a\n  labels:\n    x: \"1\"\n");
}

}  // namespace
}  // namespace proa::mesh
