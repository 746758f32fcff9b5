#include "xds/state_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "net/private_file.h"
#include "xds/test_protocol.h"

namespace proa::xds {
namespace {

SavedResources two() {
  SavedResources out;
  for (const char* name : {"a", "b"}) {
    auto& one = *out.add_resources();
    one.set_name(name);
    one.set_version("v");
    *one.mutable_resource() = resource(kCluster, name);
  }
  return out;
}

struct StateFile : testing::Test {
  StateFile() : path(testing::TempDir() + "state_file_test." + std::to_string(::getpid())) {}
  ~StateFile() override { std::filesystem::remove(path); }
  std::string path;
};

TEST_F(StateFile, gives_back_what_was_written_to_its_owner_alone) {
  ASSERT_TRUE(write_state(path, two()));
  auto state = read_state(path);
  ASSERT_TRUE(state && *state);
  EXPECT_EQ((*state)->resources.SerializeAsString(), two().SerializeAsString());
  struct stat info{};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  EXPECT_EQ((*state)->at, WallTime(std::chrono::seconds(info.st_mtime)));
}

TEST_F(StateFile, no_file_is_no_state) {
  auto state = read_state(path);
  ASSERT_TRUE(state);
  EXPECT_FALSE(*state);
}

TEST_F(StateFile, of_a_damaged_file_nothing_is_used) {
  ASSERT_TRUE(write_state(path, two()));
  const std::string good = **net::read_file(path);
  for (size_t at = 0; at < good.size(); ++at) {
    std::string flipped = good;
    flipped[at] = static_cast<char>(flipped[at] ^ 1);
    std::ofstream(path, std::ios::binary) << flipped;
    EXPECT_FALSE(read_state(path)) << "byte " << at;
    std::ofstream(path, std::ios::binary) << good.substr(0, at);
    EXPECT_FALSE(read_state(path)) << "the first " << at << " bytes";
  }
}

TEST_F(StateFile, each_proxy_and_control_plane_has_its_own) {
  envoy::config::core::v3::Node one, other;
  one.set_id("one");
  other.set_id("other");
  EXPECT_EQ(state_path("/d", "x", one), state_path("/d", "x", one));
  EXPECT_NE(state_path("/d", "x", one), state_path("/d", "x", other));
  EXPECT_NE(state_path("/d", "x", one), state_path("/d", "y", one));
}

}  // namespace
}  // namespace proa::xds
