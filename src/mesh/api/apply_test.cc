#include "mesh/api/apply.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "mesh/source/yaml_documents.h"

namespace proa::mesh {
namespace {

namespace fs = std::filesystem;
using grpc::Code;
using testing::HasSubstr;

constexpr std::int64_t kNow = 1767225600;

/// Objects of a file that never changes.
class FileSource final : public Source {
 public:
  explicit FileSource(std::string text) : text_(std::move(text)) {}
  Status start(Changed changed) override {
    config::Problems problems;
    SourceChange change;
    auto documents = read_documents(text_, "mesh/a.yaml", problems);
    for (Document& document : documents->good) {
      change.put.push_back(std::make_shared<const Document>(std::move(document)));
    }
    changed(std::move(change));
    return {};
  }
  std::vector<config::Problem> problems() const override { return {}; }

 private:
  std::string text_;
};

std::string entry(const std::string& name, const std::string& metadata = "namespace: shop",
                  const std::string& address = "10.0.0.1") {
  return "apiVersion: networking.istio.io/v1\nkind: WorkloadEntry\nmetadata: {name: " + name + ", " + metadata +
         "}\nspec: {address: " + address + "}\n";
}

struct Apply : testing::Test {
  Apply() : directory(fs::path(testing::TempDir()) / ("apply_test." + std::to_string(::getpid()))) {
    fs::remove_all(directory);
    store = std::move(*Store::open({.directory = directory}));
    auto source = std::make_unique<StoreSource>(*store);
    stored = source.get();
    std::vector<std::unique_ptr<Source>> sources;
    sources.push_back(std::make_unique<FileSource>(entry("of-a-file")));
    sources.push_back(std::move(source));
    feed = std::make_unique<WorldFeed>(std::move(sources));
    EXPECT_TRUE(feed->start([](const WorldChange&) {}));
  }
  ~Apply() override { fs::remove_all(directory); }

  auto plan(const std::string& text, const std::string& ns = {}, std::int64_t now = kNow) {
    return plan_apply({{"user.yaml", text}}, ns, {*feed, *stored}, now);
  }
  void apply(const std::string& text, std::int64_t now = kNow) {
    auto planned = plan(text, {}, now);
    ASSERT_TRUE(planned) << planned.error().message;
    ASSERT_TRUE(stored->commit(planned->changes()));
  }
  std::string refusal(const std::string& text, Code code, const std::string& ns = {}) {
    auto planned = plan(text, ns);
    if (planned) return "";
    EXPECT_EQ(planned.error().code, code) << planned.error().message;
    return planned.error().message;
  }

  fs::path directory;
  std::unique_ptr<Store> store;
  StoreSource* stored = nullptr;
  std::unique_ptr<WorldFeed> feed;
};

TEST_F(Apply, creates_replaces_and_leaves_what_is_the_same) {
  apply(entry("a") + "---\n" + entry("b"));
  EXPECT_EQ(feed->world()->table<WorkloadEntry>().size(), 3u);
  auto planned =
      plan(entry("a") + "---\n" + entry("b", "namespace: shop", "10.0.0.2") + "---\n" + entry("c"), {}, kNow + 9);
  ASSERT_TRUE(planned);
  ASSERT_EQ(planned->steps.size(), 3u);
  EXPECT_FALSE(planned->steps[0].changes());
  EXPECT_TRUE(planned->steps[1].changes());
  EXPECT_FALSE(planned->steps[1].created());
  EXPECT_TRUE(planned->steps[2].created());
  EXPECT_EQ(planned->changes().size(), 2u);
  EXPECT_THAT(planned->steps[1].after, HasSubstr("creationTimestamp: 2026-01-01T00:00:00Z"));
  EXPECT_THAT(planned->steps[2].after, HasSubstr("creationTimestamp: 2026-01-01T00:00:09Z"));
}

TEST_F(Apply, with_one_fault_nothing_is_done_and_every_fault_has_the_place_in_the_users_text) {
  const std::string message =
      refusal(entry("a") + "---\n" + entry("b", "namespace: shop", "10.0.0.1, adress: x") + "---\n" + entry("C"),
              Code::kInvalidArgument);
  EXPECT_THAT(message, HasSubstr("user.yaml:9:27: WorkloadEntry shop/b: spec.adress: "));
  EXPECT_THAT(message, HasSubstr("did you mean 'address'"));
  EXPECT_THAT(message, HasSubstr("user.yaml:13:"));
  EXPECT_THAT(refusal("a: [", Code::kInvalidArgument), HasSubstr("user.yaml:"));
  EXPECT_THAT(refusal("", Code::kInvalidArgument), HasSubstr("user.yaml: has no object"));
  EXPECT_THAT(refusal(entry("a") + "---\n" + entry("a"), Code::kInvalidArgument),
              HasSubstr("user.yaml:6:1: WorkloadEntry shop/a: is there twice, also in line 1"));
}

TEST_F(Apply, an_object_of_a_file_is_not_overruled) {
  EXPECT_THAT(refusal(entry("of-a-file"), Code::kFailedPrecondition),
              HasSubstr("user.yaml:1:1: WorkloadEntry shop/of-a-file: is in mesh/a.yaml:1, which has the say"));
}

TEST_F(Apply, a_resource_version_must_be_the_current_one) {
  apply(entry("a"));
  apply(entry("b"));
  EXPECT_TRUE(plan(entry("a", "namespace: shop, resourceVersion: '1'", "10.0.0.2")));
  EXPECT_THAT(refusal(entry("b", "namespace: shop, resourceVersion: '1'"), Code::kAborted),
              HasSubstr("has resourceVersion \"1\", but the object has changed meanwhile: it is \"2\" now"));
  EXPECT_THAT(refusal(entry("c", "namespace: shop, resourceVersion: '2'"), Code::kAborted),
              HasSubstr("there is no such object"));
}

TEST_F(Apply, the_namespace_is_of_objects_that_say_none) {
  const auto planned = plan(entry("a", "labels: {}"), "other");
  ASSERT_TRUE(planned);
  EXPECT_EQ(planned->steps[0].key.ns, "other");
  EXPECT_THAT(planned->steps[0].after, HasSubstr("\n  namespace: other\n"));
  EXPECT_THAT(
      refusal(entry("a"), Code::kInvalidArgument, "other"),
      HasSubstr("user.yaml:3:32: WorkloadEntry shop/a: metadata.namespace: is shop, but the request is for other"));
  EXPECT_THAT(refusal(entry("a"), Code::kInvalidArgument, "Other"), HasSubstr("namespace"));
}

TEST_F(Apply, what_analysis_finds_in_the_objects_is_a_warning) {
  const auto planned = plan(
      "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: v, namespace: shop}\n"
      "spec: {hosts: [nowhere], http: [{route: [{destination: {host: nowhere}}]}]}\n");
  ASSERT_TRUE(planned);
  ASSERT_FALSE(planned->warnings.empty());
  EXPECT_THAT(planned->warnings[0], HasSubstr("user.yaml:1:1: Error [IST0101] VirtualService shop/v: "));
}

TEST_F(Apply, an_object_that_a_file_has_too_is_told) {
  ASSERT_TRUE(stored->commit({{{Kind::workload_entry, "shop", "of-a-file"}, entry("of-a-file")}}));
  ASSERT_EQ(feed->problems().size(), 1u);
  EXPECT_EQ(feed->problems()[0].str(),
            directory.string() +
                ":1:1: WorkloadEntry shop/of-a-file: is also in mesh/a.yaml:1, which counts; "
                "keep one of the two");
}

TEST(StatusMessage, is_whole_lines_up_to_a_size) {
  EXPECT_EQ(status_message("a\nb\n"), "a\nb");
  std::string lines;
  for (int i = 0; i < 1000; ++i) lines += "a line of a message that is one of many\n";
  const std::string cut = status_message(lines);
  EXPECT_LT(cut.size(), 17'000u);
  EXPECT_TRUE(cut.ends_with("one of many\n(and more)"));
}

}  // namespace
}  // namespace proa::mesh
