#include "mesh/source/store_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace proa::mesh {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string entry(const std::string& name, const std::string& address = "10.0.0.1") {
  return "apiVersion: networking.istio.io/v1\nkind: WorkloadEntry\nmetadata:\n  name: " + name +
         "\n  namespace: shop\nspec:\n  address: " + address + "\n";
}
ObjectKey key(const std::string& name) { return {Kind::workload_entry, "shop", name}; }

struct StoreSourceTest : testing::Test {
  StoreSourceTest() : directory(fs::path(testing::TempDir()) / ("store_source_test." + std::to_string(::getpid()))) {
    fs::remove_all(directory);
    start();
  }
  ~StoreSourceTest() override { fs::remove_all(directory); }
  void start() {
    source = nullptr;
    store = nullptr;
    told.clear();
    store = std::move(*Store::open({.directory = directory}));
    source = std::make_unique<StoreSource>(*store);
    ASSERT_TRUE(source->start([this](const SourceChange& change) {
      for (const auto& document : change.put) told.push_back("+" + document->key.name);
      for (const ObjectKey& each : change.removed) told.push_back("-" + each.name);
    }));
  }
  std::vector<std::string> changes() { return std::exchange(told, {}); }

  fs::path directory;
  std::unique_ptr<Store> store;
  std::unique_ptr<StoreSource> source;
  std::vector<std::string> told;
};

TEST_F(StoreSourceTest, tells_what_is_committed_and_after_a_restart_all_there_is) {
  EXPECT_THAT(changes(), IsEmpty());
  EXPECT_EQ(source->commit({{key("a"), entry("a")}, {key("b"), entry("b")}}).value(), 1u);
  EXPECT_THAT(changes(), ElementsAre("+a", "+b"));
  EXPECT_EQ(source->commit({{key("a"), std::nullopt}, {key("c"), entry("c")}}).value(), 2u);
  EXPECT_THAT(changes(), ElementsAre("+c", "-a"));
  EXPECT_EQ(source->revision_of(key("a")), 0u);
  EXPECT_EQ(source->revision_of(key("b")), 1u);
  start();
  EXPECT_THAT(changes(), ElementsAre("+b", "+c"));
  EXPECT_EQ(source->revision_of(key("c")), 2u);
}

TEST_F(StoreSourceTest, keeps_no_text_that_it_could_not_read_again) {
  for (const std::string& text :
       {std::string("a: b"), entry("other"), entry("a") + "---\n" + entry("b"), std::string("{")}) {
    const auto refused = source->commit({{key("b"), entry("b")}, {key("a"), text}});
    ASSERT_FALSE(refused) << text;
    EXPECT_THAT(refused.error().message, HasSubstr("WorkloadEntry shop/a cannot be kept"));
  }
  EXPECT_THAT(store->entries(), IsEmpty());
}

TEST_F(StoreSourceTest, an_object_that_cannot_be_read_any_more_is_a_problem_and_the_others_are_there) {
  ASSERT_TRUE(
      store->commit({{"Old.example/x/y", "apiVersion: networking.istio.io/v1\nkind: Old\nmetadata: {name: y}\n"},
                     {store_key(key("a")), entry("a")}}));
  start();
  EXPECT_THAT(changes(), ElementsAre("+a"));
  ASSERT_EQ(source->problems().size(), 1u);
  EXPECT_THAT(source->problems()[0].str(), HasSubstr(directory.string() + ":2:7: Old.example/x/y: kind: "));
}

}  // namespace
}  // namespace proa::mesh
