#include "config/field_path.h"

#include <gtest/gtest.h>

namespace proa::config {
namespace {

TEST(FieldPath, prints_fields_indexes_and_map_entries) {
  const FieldPath root;
  const FieldPath listeners = root / "listeners";
  const FieldPath first = listeners[2];
  const FieldPath metadata = first / "metadata";
  EXPECT_EQ(metadata.entry("istio").str(), "listeners[2].metadata.istio");
  EXPECT_EQ(metadata.entry("envoy.lb").str(), "listeners[2].metadata[\"envoy.lb\"]");
  EXPECT_EQ(root.str(), "");
}

TEST(FieldPath, one_step_of_several_fields_is_the_same_path) {
  const FieldPath root;
  const FieldPath a = root / "a";
  EXPECT_EQ((a / "b").hash(), (root / "a.b").hash());
}

TEST(FieldPath, a_label_names_what_has_no_file) {
  const FieldPath root("Listener \"in\"");
  EXPECT_EQ((root / "address").str(), "Listener \"in\".address");
}

TEST(Marks, an_absent_field_has_the_place_of_its_nearest_parent) {
  Marks marks;
  const FieldPath root;
  const FieldPath address = root / "address";
  marks.set(address, {"a.yaml", 3, 1}, {"a.yaml", 4, 3});
  EXPECT_EQ(marks.find(address), (Mark{"a.yaml", 4, 3}));
  EXPECT_EQ(marks.key(address), (Mark{"a.yaml", 3, 1}));
  const FieldPath socket = address / "socket_address";
  EXPECT_EQ(marks.find(socket / "port_value"), (Mark{"a.yaml", 3, 1}));
  EXPECT_FALSE(marks.find(root / "node").known());
  EXPECT_FALSE(marks.has(socket));
}

TEST(Marks, a_later_document_wins) {
  Marks marks;
  const FieldPath root;
  const FieldPath node = root / "node";
  marks.set(node, {"a.yaml", 3, 1}, {"a.yaml", 3, 7});
  marks.set(node, {"--config-yaml", 1, 1}, {"--config-yaml", 1, 7});
  EXPECT_EQ(marks.find(node), (Mark{"--config-yaml", 1, 7}));
}

}  // namespace
}  // namespace proa::config
