#include "mesh/store/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <random>

#include "net/private_file.h"

namespace proa::mesh {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

struct StoreTest : testing::Test {
  StoreTest() : directory(fs::path(testing::TempDir()) / ("store_test." + std::to_string(::getpid()))) {
    fs::remove_all(directory);
  }
  ~StoreTest() override { fs::remove_all(directory); }

  std::unique_ptr<Store> open(std::size_t compact_above = 1u << 20) {
    auto opened = Store::open({.directory = directory, .compact_above = compact_above});
    EXPECT_TRUE(opened) << opened.error().message;
    return opened ? std::move(*opened) : nullptr;
  }
  std::string refusal() {
    auto opened = Store::open({.directory = directory});
    return opened ? "" : opened.error().message;
  }
  std::string log() const { return **net::read_file(directory.string() + "/objects.log"); }
  void put_log(std::string_view bytes) const {
    ASSERT_TRUE(net::write_file(directory.string() + "/objects.log", bytes, 0600));
  }
  static std::map<std::string, std::string> values(const Store& store) {
    std::map<std::string, std::string> out;
    for (const auto& [key, entry] : store.entries()) out[key] = entry.value;
    return out;
  }

  fs::path directory;
};

TEST_F(StoreTest, keeps_what_was_committed) {
  {
    auto store = open();
    EXPECT_EQ(store->revision(), 0u);
    EXPECT_EQ(store->commit({{"a", "1"}, {"b", "2"}}).value(), 1u);
    EXPECT_EQ(store->commit({{"a", "3"}}).value(), 2u);
    EXPECT_EQ(store->commit({{"b", std::nullopt}, {"c", ""}}).value(), 3u);
    EXPECT_EQ(store->commit({}).value(), 3u);
  }
  auto store = open();
  EXPECT_EQ(values(*store), (std::map<std::string, std::string>{{"a", "3"}, {"c", ""}}));
  EXPECT_EQ(store->entries().at("a").revision, 2u);
  EXPECT_EQ(store->revision(), 3u);
  EXPECT_EQ(store->dropped(), 0u);
}

TEST_F(StoreTest, is_for_its_owner_alone) {
  {
    auto store = open();
    ASSERT_TRUE(store->commit({{"a", "1"}}));
    for (const auto& [path, mode] :
         {std::pair(directory, 0700u), {directory / "objects.log", 0600u}, {directory / "lock", 0600u}}) {
      struct stat info{};
      ASSERT_EQ(::stat(path.c_str(), &info), 0);
      EXPECT_EQ(info.st_mode & 0777, mode) << path;
    }
  }
  fs::permissions(directory / "objects.log", fs::perms::group_read, fs::perm_options::add);
  EXPECT_THAT(refusal(), HasSubstr("objects.log: others may read it; chmod 600"));
  fs::permissions(directory, fs::perms::others_exec, fs::perm_options::add);
  EXPECT_THAT(refusal(), HasSubstr("others may read it; chmod 700"));
}

TEST_F(StoreTest, two_do_not_share_it) {
  auto store = open();
  EXPECT_THAT(refusal(), HasSubstr("is in use by process " + std::to_string(::getpid())));
  store = nullptr;
  EXPECT_EQ(refusal(), "");
}

TEST_F(StoreTest, a_torn_end_is_dropped_and_told_and_the_next_commit_takes_its_place) {
  std::vector<std::string> logs;
  {
    auto store = open();
    ASSERT_TRUE(store->commit({{"a", "1"}}));
    logs.push_back(log());
    ASSERT_TRUE(store->commit({{"a", "2"}, {"b", std::string(600, 'b')}}));
    logs.push_back(log());
  }
  for (std::size_t size = logs[0].size(); size < logs[1].size(); size += 37) {
    put_log(logs[1].substr(0, size));
    auto store = open();
    EXPECT_EQ(store->dropped(), size - logs[0].size());
    EXPECT_EQ(store->revision(), 1u);
    ASSERT_EQ(store->commit({{"c", "3"}}).value(), 2u);
    store = nullptr;
    EXPECT_EQ(values(*open()), (std::map<std::string, std::string>{{"a", "1"}, {"c", "3"}}));
  }
}

TEST_F(StoreTest, a_damaged_middle_is_refused_with_its_place_and_left_as_it_is) {
  std::size_t first = 0;
  {
    auto store = open();
    first = log().size();
    ASSERT_TRUE(store->commit({{"a", "1"}}));
    ASSERT_TRUE(store->commit({{"b", "2"}}));
  }
  std::string bytes = log();
  bytes[first + 20] = static_cast<char>(bytes[first + 20] ^ 4);
  put_log(bytes);
  EXPECT_THAT(refusal(), HasSubstr((directory / "objects.log").string() + ": at byte " + std::to_string(first) +
                                   ": the record is damaged"));
  EXPECT_EQ(log(), bytes);
}

TEST_F(StoreTest, random_commits_and_compactions_are_a_map) {
  std::mt19937 random(20261201);
  std::map<std::string, std::string> model;
  std::size_t longest = 0;
  std::uint64_t revision = 0;
  for (int round = 0; round < 20; ++round) {
    auto store = open(2000);
    ASSERT_EQ(values(*store), model);
    ASSERT_EQ(store->revision(), revision);
    for (int i = 0; i < 30; ++i) {
      std::vector<StoreChange> changes;
      std::map<std::string, std::string> next = model;
      for (std::uint32_t key = random() % 4; key < 12; key += 1 + random() % 6) {
        const std::string name = "key" + std::to_string(key);
        if (random() % 3 == 0) {
          changes.push_back({name, std::nullopt});
          next.erase(name);
        } else {
          changes.push_back({name, std::string(random() % 100, static_cast<char>('a' + i % 26))});
          next[name] = *changes.back().value;
        }
      }
      auto committed = store->commit(changes);
      ASSERT_TRUE(committed) << committed.error().message;
      ASSERT_EQ(*committed, ++revision);
      model = std::move(next);
      longest = std::max(longest, log().size());
    }
  }
  EXPECT_LT(longest, 10'000u);  // 600 commits of about 300 bytes
  EXPECT_GT(longest, 2000u);
}

TEST_F(StoreTest, a_compaction_that_was_not_finished_leaves_the_old_log) {
  {
    auto store = open();
    ASSERT_TRUE(store->commit({{"a", "1"}}));
  }
  ASSERT_TRUE(net::write_file(directory.string() + "/objects.log.part.x", "", 0600));
  fs::rename(directory / "objects.log.part.x", directory / "objects.log.part");  // half a file, or any
  auto store = open(100);
  ASSERT_TRUE(store->commit({{"a", std::string(50, 'x')}}));
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(store->commit({{"a", "2"}}));
  EXPECT_LT(log().size(), 500u);
  EXPECT_FALSE(fs::exists(directory / "objects.log.part"));
  store = nullptr;
  EXPECT_EQ(values(*open()), (std::map<std::string, std::string>{{"a", "2"}}));
}

/// No file grows beyond so many bytes while it lives.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) {
    ::signal(SIGXFSZ, SIG_IGN);
    EXPECT_EQ(::getrlimit(RLIMIT_FSIZE, &before_), 0);
    const rlimit small{bytes, before_.rlim_max};
    EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  }
  ~FullDisk() { ::setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_{};
};

TEST_F(StoreTest, a_full_disk_does_not_keep_it_from_opening) {
  ASSERT_TRUE(open()->commit({{"a", "1"}}));
  const FullDisk full(0);
  auto store = open();
  EXPECT_EQ(values(*store), (std::map<std::string, std::string>{{"a", "1"}}));
  EXPECT_FALSE(store->commit({{"a", "2"}}));
}

TEST_F(StoreTest, a_full_disk_changes_nothing_and_the_store_goes_on) {
  auto store = open();
  ASSERT_TRUE(store->commit({{"a", "1"}}));
  {
    const FullDisk full(log().size() + 100);
    auto refused = store->commit({{"b", std::string(1000, 'b')}});
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, HasSubstr("nothing has changed"));
  }
  EXPECT_EQ(store->revision(), 1u);
  EXPECT_EQ(store->commit({{"c", "3"}}).value(), 2u);
  store = nullptr;
  EXPECT_EQ(values(*open()), (std::map<std::string, std::string>{{"a", "1"}, {"c", "3"}}));
}

}  // namespace
}  // namespace proa::mesh
