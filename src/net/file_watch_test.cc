#include "net/file_watch.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "net/test_loop.h"

namespace proa::net {
namespace {

namespace fs = std::filesystem;

struct Files : testing::Test {
  Files() {
    char name[] = "/tmp/proa-watch-XXXXXX";
    folder = ::mkdtemp(name);
    watcher = std::move(*FileWatcher::make(loop));
  }
  ~Files() override { fs::remove_all(folder); }
  void write(const std::string& name, const std::string& text) { std::ofstream(folder + "/" + name) << text; }
  FileWatcher::Watch count(const std::string& name, int& counter) {
    return std::move(*watcher->watch_file(folder + "/" + name, [&counter] { ++counter; }));
  }
  std::string folder;
  TestLoop loop;
  std::unique_ptr<FileWatcher> watcher;
};

TEST_F(Files, a_write_and_a_rename_are_told_once_each) {
  int changes = 0;
  auto watch = count("config", changes);
  write("config", "one");
  loop.settle();
  EXPECT_EQ(changes, 1);
  write("config.tmp", "two");
  loop.settle();
  EXPECT_EQ(changes, 1);
  fs::rename(folder + "/config.tmp", folder + "/config");
  loop.settle();
  EXPECT_EQ(changes, 2);
}

TEST_F(Files, a_burst_is_told_once) {
  int changes = 0;
  auto watch = count("config", changes);
  for (int i = 0; i < 10; ++i) write("config", std::to_string(i));
  loop.settle();
  EXPECT_EQ(changes, 1);
}

TEST_F(Files, a_kubernetes_volume_swaps_its_link) {
  for (std::string version : {"..1", "..2"}) {
    fs::create_directory(folder + "/" + version);
    write(version + "/tls.crt", version);
  }
  fs::create_symlink("..1", folder + "/..data");
  fs::create_symlink("..data/tls.crt", folder + "/tls.crt");
  int changes = 0, any = 0;
  auto watch = count("tls.crt", changes);
  auto all = std::move(*watcher->watch_directory(folder, [&] { ++any; }));
  fs::create_symlink("..2", folder + "/..data_tmp");
  fs::rename(folder + "/..data_tmp", folder + "/..data");
  loop.settle();
  EXPECT_EQ(changes, 1);
  EXPECT_EQ(any, 1);
}

TEST_F(Files, a_new_file_is_told_when_it_is_complete_and_a_link_at_once) {
  int changes = 0;
  auto watch = count("config", changes);
  std::ofstream file(folder + "/config");
  file << "half" << std::flush;
  loop.settle();
  EXPECT_EQ(changes, 0);
  file.close();
  loop.settle();
  EXPECT_EQ(changes, 1);
  auto link = count("link", changes);
  fs::create_symlink("config", folder + "/link");
  loop.settle();
  EXPECT_EQ(changes, 2);
}

TEST_F(Files, a_callback_may_end_its_own_watch_and_others) {
  int changes = 0;
  FileWatcher::Watch first, second;
  auto end_both = [&] {
    ++changes;
    first.reset();
    second.reset();
  };
  first = std::move(*watcher->watch_file(folder + "/config", end_both));
  second = std::move(*watcher->watch_file(folder + "/config", end_both));
  write("config", "x");
  loop.settle();
  EXPECT_EQ(changes, 1);
  auto third = count("config", changes);
  write("config", "y");
  loop.settle();
  EXPECT_EQ(changes, 2);
}

TEST_F(Files, a_missing_directory_is_an_error) {
  auto watch = watcher->watch_file(folder + "/nowhere/config", [] {});
  ASSERT_FALSE(watch.has_value());
  EXPECT_NE(watch.error().message.find("nowhere"), std::string::npos);
}

}  // namespace
}  // namespace proa::net
