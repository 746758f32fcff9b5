// What the tests of this folder, and of those above it, share: objects out of text. Only in tests.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

#include "mesh/model/decode.h"
#include "mesh/model/world.h"
#include "mesh/source/yaml_documents.h"

namespace proa::mesh {

inline std::string test_file(const std::string& name) {
  std::ifstream file(std::filesystem::path(__FILE__).parent_path().parent_path() / "testdata" / name);
  EXPECT_TRUE(file.good()) << name;
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

/// All objects of a text, whatever is wrong with others.
inline std::vector<AnyObject> read_objects(std::string_view text, config::Problems& problems,
                                           std::optional<Kind> implied = std::nullopt) {
  std::vector<AnyObject> out;
  const auto documents = read_documents(text, "a.yaml", problems, implied);
  if (!documents) return out;
  for (const Document& document : documents->good) {
    if (auto object = decode(document, problems)) out.push_back(std::move(*object));
  }
  return out;
}

/// What a text gives to complain of, as the user reads it.
inline std::string problems_of(std::string_view text) {
  config::Problems problems;
  read_objects(text, problems);
  return problems.str();
}

inline std::shared_ptr<const World> world_of(std::string_view text) {
  config::Problems problems;
  auto world = World::empty()->with(read_objects(text, problems));
  EXPECT_EQ(problems.str(), "");
  return world;
}

}  // namespace proa::mesh
