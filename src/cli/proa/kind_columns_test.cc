#include "cli/proa/kind_columns.h"

#include <gtest/gtest.h>

namespace proa::cli {
namespace {

std::string cell(std::string_view text, const KindColumn& column) {
  config::Problems problems;
  const auto tree = config::read_yaml(text, "a.yaml", problems);
  return cell_of(tree->root(), column);
}

TEST(KindColumns, a_cell_is_a_text_a_list_or_what_nothing_means) {
  EXPECT_EQ(cell("spec: {hosts: [a, b]}", {"HOSTS", "spec.hosts"}), "a,b");
  EXPECT_EQ(cell("spec: {mtls: {mode: STRICT}}", {"MODE", "spec.mtls.mode"}), "STRICT");
  EXPECT_EQ(cell("spec: {mtls: STRICT}", {"MODE", "spec.mtls.mode"}), "-");
  EXPECT_EQ(cell("spec: {}", {"GATEWAYS", "spec.gateways", "mesh"}), "mesh");
  EXPECT_EQ(cell("spec: {gateways: }", {"GATEWAYS", "spec.gateways", "mesh"}), "mesh");
}

TEST(KindColumns, are_those_of_the_kind) {
  ASSERT_EQ(columns_of(mesh::Kind::virtual_service).size(), 2u);
  EXPECT_EQ(columns_of(mesh::Kind::virtual_service)[1].title, "HOSTS");
  EXPECT_TRUE(columns_of(mesh::Kind::sidecar).empty());
}

}  // namespace
}  // namespace proa::cli
