#include "mesh/model/world_feed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mesh/model/test_objects.h"

namespace proa::mesh {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// Gives what a test says.
class TestSource final : public Source {
 public:
  explicit TestSource(std::string text) : text_(std::move(text)) {}
  Status start(Changed changed) override {
    changed_ = std::move(changed);
    put(text_);
    return {};
  }
  std::vector<config::Problem> problems() const override { return {}; }

  void put(std::string_view text) {
    config::Problems problems;
    SourceChange change;
    auto documents = read_documents(text, "a.yaml", problems);
    for (Document& document : documents->good) {
      change.put.push_back(std::make_shared<const Document>(std::move(document)));
    }
    changed_(std::move(change));
  }
  void remove(ObjectKey key) { changed_({.put = {}, .removed = {std::move(key)}}); }

 private:
  std::string text_;
  Changed changed_;
};

std::string entry(const std::string& name, const std::string& spec = "{address: 10.0.0.1}") {
  return "apiVersion: networking.istio.io/v1\nkind: WorkloadEntry\nmetadata: {name: " + name +
         ", namespace: shop}\nspec: " + spec + "\n---\n";
}

struct Feed : testing::Test {
  void start(std::vector<std::string> texts) {
    std::vector<std::unique_ptr<Source>> owned;
    for (std::string& text : texts) {
      auto source = std::make_unique<TestSource>(std::move(text));
      sources.push_back(source.get());
      owned.push_back(std::move(source));
    }
    feed = std::make_unique<WorldFeed>(std::move(owned));
    ASSERT_TRUE(feed->start([this](const WorldChange& change) {
      ++calls;
      changed.clear(), moved.clear();
      for (const ObjectKey& key : change.changed) changed.push_back(key.name);
      for (const ObjectKey& key : change.moved) moved.push_back(key.name);
      EXPECT_EQ(change.world, feed->world());
    }));
  }
  std::string address(const std::string& name) const {
    const WorkloadEntry* found = feed->world()->table<WorkloadEntry>().find("shop", name);
    return found == nullptr ? "" : found->spec.address();
  }
  std::string problems() const {
    std::string out;
    for (const auto& problem : feed->problems()) out += problem.str() + "\n";
    return out;
  }
  std::vector<TestSource*> sources;
  std::unique_ptr<WorldFeed> feed;
  int calls = 0;
  std::vector<std::string> changed, moved;
};

TEST_F(Feed, makes_one_world_of_the_first_objects) {
  start({entry("a"), entry("b")});
  EXPECT_EQ(calls, 1);
  EXPECT_THAT(changed, ElementsAre("a", "b"));
}

TEST_F(Feed, tells_changes_from_moves) {
  start({entry("a") + entry("b")});
  sources[0]->put("\n\n" + entry("a") + entry("b", "{address: 10.0.0.2}"));
  EXPECT_THAT(changed, ElementsAre("b"));
  EXPECT_THAT(moved, ElementsAre("a"));
  EXPECT_EQ(feed->world()->table<WorkloadEntry>().find("shop", "a")->meta.origin.line, 3u);
}

TEST_F(Feed, an_object_that_breaks_stays_as_it_was) {
  start({entry("a")});
  sources[0]->put(entry("a", "{adress: 10.0.0.2}"));
  EXPECT_EQ(calls, 2);  // for the problem alone
  EXPECT_THAT(changed, IsEmpty());
  EXPECT_EQ(address("a"), "10.0.0.1");
  EXPECT_THAT(problems(), testing::HasSubstr("a.yaml:4:8: WorkloadEntry shop/a: spec.adress: unknown field of "
                                             "WorkloadEntry; did you mean 'address'?"));
  sources[0]->put(entry("a", "{address: 10.0.0.3}"));
  EXPECT_EQ(address("a"), "10.0.0.3");
  EXPECT_EQ(problems(), "");
  sources[0]->put(entry("a", "{}"));
  sources[0]->remove({Kind::workload_entry, "shop", "a"});
  EXPECT_EQ(address("a"), "");
  EXPECT_EQ(problems(), "");
}

TEST_F(Feed, of_two_sources_the_first_has_the_say) {
  start({entry("a", "{address: 10.0.0.1}"), entry("a", "{address: 10.0.0.2}")});
  EXPECT_EQ(address("a"), "10.0.0.1");
  sources[1]->put(entry("a", "{address: 10.0.0.3}"));
  EXPECT_EQ(address("a"), "10.0.0.1");
  sources[0]->remove({Kind::workload_entry, "shop", "a"});
  EXPECT_EQ(address("a"), "10.0.0.3");
  EXPECT_THAT(changed, ElementsAre("a"));
  EXPECT_THAT(moved, IsEmpty());
}

}  // namespace
}  // namespace proa::mesh
