#include "mesh/source/folder_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "net/test_loop.h"

namespace proa::mesh {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string entry(const std::string& name, const std::string& address = "10.0.0.1") {
  return "apiVersion: networking.istio.io/v1\nkind: WorkloadEntry\nmetadata: {name: " + name +
         ", namespace: shop}\nspec: {address: " + address + "}\n---\n";
}

struct Folder : testing::Test {
  Folder() {
    char name[] = "/tmp/proa-objects-XXXXXX";
    folder = ::mkdtemp(name);
  }
  ~Folder() override { fs::remove_all(folder); }
  void write(const std::string& name, const std::string& text) { std::ofstream(folder + "/" + name) << text; }
  void start(const std::string& path = {}) {
    source = std::make_unique<FolderSource>(loop, FolderSource::Options{path.empty() ? folder : path});
    const Status started = source->start([this](SourceChange change) {
      for (const auto& document : change.put) told.push_back("+" + document->key.name);
      for (const ObjectKey& key : change.removed) told.push_back("-" + key.name);
    });
    ASSERT_TRUE(started) << started.error().message;
  }
  /// What the source told since the last call.
  std::vector<std::string> changes() {
    loop.settle();
    return std::exchange(told, {});
  }
  std::string problems() const {
    std::string out;
    for (const auto& problem : source->problems()) out += problem.str().substr(folder.size() + 1) + "\n";
    return out;
  }

  std::string folder;
  net::TestLoop loop;
  std::unique_ptr<FolderSource> source;
  std::vector<std::string> told;
};

TEST_F(Folder, gives_all_objects_of_all_files_before_start_returns) {
  fs::create_directories(folder + "/deeper/still");
  write("b.yaml", entry("one") + entry("two"));
  write("deeper/still/a.yml", entry("three"));
  write("notes.txt", "no object");
  write(".hidden.yaml", entry("hidden"));
  start();
  EXPECT_THAT(std::exchange(told, {}), ElementsAre("+one", "+three", "+two"));
  EXPECT_EQ(problems(), "");
}

TEST_F(Folder, tells_what_changed_and_no_more) {
  write("a.yaml", entry("one") + entry("two"));
  start();
  changes();
  write("a.yaml", entry("one") + entry("two", "10.0.0.2") + entry("three"));
  EXPECT_THAT(changes(), ElementsAre("+three", "+two"));
  write("a.yaml", entry("two", "10.0.0.2"));  // it moved to another line, which is told too
  EXPECT_THAT(changes(), ElementsAre("+two", "-one", "-three"));
  write("a.yaml", entry("two", "10.0.0.2"));
  EXPECT_THAT(changes(), IsEmpty());
}

TEST_F(Folder, sees_renames_deletions_and_new_folders) {
  start();
  write("a.yaml.tmp", entry("one"));
  EXPECT_THAT(changes(), IsEmpty());
  fs::rename(folder + "/a.yaml.tmp", folder + "/a.yaml");
  EXPECT_THAT(changes(), ElementsAre("+one"));
  fs::rename(folder + "/a.yaml", folder + "/b.yaml");
  EXPECT_THAT(changes(), ElementsAre("+one"));  // out of another file
  fs::create_directory(folder + "/more");
  write("more/c.yaml", entry("two"));
  EXPECT_THAT(changes(), ElementsAre("+two"));
  write("more/d.yaml", entry("three"));
  EXPECT_THAT(changes(), ElementsAre("+three"));
  fs::remove_all(folder + "/more");
  EXPECT_THAT(changes(), ElementsAre("-three", "-two"));
  fs::remove(folder + "/b.yaml");
  EXPECT_THAT(changes(), ElementsAre("-one"));
}

TEST_F(Folder, a_file_half_written_is_not_read) {
  write("a.yaml", entry("one") + entry("two"));
  start();
  changes();
  std::ofstream half(folder + "/a.yaml");
  half << entry("one") << std::flush;
  write("b.yaml", entry("three"));
  EXPECT_THAT(changes(), ElementsAre("+three"));
  half << entry("two");
  half.close();
  EXPECT_THAT(changes(), IsEmpty());
}

TEST_F(Folder, a_broken_file_keeps_its_objects_and_says_where_it_is_broken) {
  write("a.yaml", entry("one") + entry("two"));
  start();
  changes();
  write("a.yaml", entry("one") + "kind: [\n");
  EXPECT_THAT(changes(), IsEmpty());
  EXPECT_THAT(problems(), HasSubstr("a.yaml:7:1: "));
  write("a.yaml", entry("one"));
  EXPECT_THAT(changes(), ElementsAre("-two"));
  EXPECT_EQ(problems(), "");
}

TEST_F(Folder, an_object_with_broken_metadata_stays_as_it_was) {
  write("a.yaml", entry("one") + entry("two"));
  start();
  changes();
  write("a.yaml", entry("one", "10.0.0.9") +
                      "apiVersion: networking.istio.io/v1\nkind: WorkloadEntry\n"
                      "metadata: {name: two, namespace: shop, labels: {version: 1}}\n");
  EXPECT_THAT(changes(), ElementsAre("+one"));
  EXPECT_EQ(problems(), "a.yaml:8:58: metadata.labels.version: is 1, but must be a string; write \"1\"\n");
}

TEST_F(Folder, of_two_files_with_one_object_the_first_by_name_counts) {
  write("a.yaml", entry("one", "10.0.0.1"));
  write("b.yaml", entry("one", "10.0.0.2"));
  start();
  EXPECT_THAT(std::exchange(told, {}), ElementsAre("+one"));
  EXPECT_EQ(problems(), "b.yaml:1:1: WorkloadEntry shop/one: is also in " + folder +
                            "/a.yaml, which counts; keep one of the two\n");
  fs::remove(folder + "/a.yaml");
  EXPECT_THAT(changes(), ElementsAre("+one"));
  EXPECT_EQ(problems(), "");
}

TEST_F(Folder, may_be_one_file) {
  write("a.yaml", entry("one"));
  write("b.yaml", entry("two"));
  start(folder + "/a.yaml");
  EXPECT_THAT(std::exchange(told, {}), ElementsAre("+one"));
  write("b.yaml", entry("three"));
  EXPECT_THAT(changes(), IsEmpty());
  write("a.yaml.new", entry("four"));
  fs::rename(folder + "/a.yaml.new", folder + "/a.yaml");
  EXPECT_THAT(changes(), ElementsAre("+four", "-one"));
}

TEST_F(Folder, that_is_not_there_is_an_error) {
  FolderSource none(loop, {folder + "/none"});
  EXPECT_THAT(none.start([](SourceChange) {}).error().message, HasSubstr("No such file"));
}

}  // namespace
}  // namespace proa::mesh
