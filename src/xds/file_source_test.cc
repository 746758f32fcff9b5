#include "xds/file_source.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "envoy/config/endpoint/v3/endpoint.pb.h"
#include "google/protobuf/text_format.h"
#include "net/test_loop.h"
#include "observe/registry.h"
#include "xds/subscription_stats.h"
#include "xds/test_protocol.h"

namespace proa::xds {
namespace {

constexpr char kTwo[] = R"(
version_info: "1"
resources:
- "@type": type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment
  cluster_name: a
- "@type": type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment
  cluster_name: b
)";
constexpr char kOnlyA[] = R"(
version_info: "2"
resources:
- "@type": type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment
  cluster_name: a
  policy: {overprovisioning_factor: 200}
)";

struct FileSourceTest : testing::Test {
  FileSourceTest() {
    char name[] = "/tmp/proa-xds-XXXXXX";
    directory = mkdtemp(name);
  }
  ~FileSourceTest() override { std::filesystem::remove_all(directory); }

  std::string path(const std::string& name) const { return directory / name; }
  /// As an operator should: beside it, then moved into place.
  void write(const std::string& name, const std::string& text) {
    std::ofstream(path("new"), std::ios::binary) << text;
    std::filesystem::rename(path("new"), path(name));
  }
  FileSource& make(const std::string& name, std::string_view type_url = kEndpoints, const std::string& watched = {}) {
    source =
        std::make_unique<FileSource>(loop, FileSourceOptions{path(name), watched, std::string(type_url)}, observer);
    return *source;
  }
  /// The events, once there are any.
  Lines events() {
    loop.run_until([this] { return !observer.events.empty(); });
    return observer.take();
  }

  std::filesystem::path directory;
  observe::Registry registry;
  net::TestLoop loop;
  TestObserver observer;
  std::unique_ptr<FileSource> source;
};

TEST_F(FileSourceTest, reads_at_the_start_and_after_each_change) {
  write("e.yaml", kTwo);
  FileSource& file = make("e.yaml");
  file.subscribe(kEndpoints, "a");
  file.subscribe(kEndpoints, "b");
  loop.settle();
  EXPECT_TRUE(observer.events.empty()) << "not before it is started";
  ASSERT_TRUE(file.start());
  EXPECT_EQ(events(), Lines{"ClusterLoadAssignment 1: a@1 b@1"});
  write("e.yaml", kOnlyA);
  EXPECT_EQ(events(), Lines{"ClusterLoadAssignment 2: a@2"});
  EXPECT_TRUE(file.held(kEndpoints, "b")) << "what a file of endpoints lacks stays";
}

TEST_F(FileSourceTest, a_bad_file_keeps_what_was_there) {
  write("e.yaml", kTwo);
  FileSource& file = make("e.yaml");
  file.subscribe(kEndpoints, "a");
  ASSERT_TRUE(file.start());
  events();
  write("e.yaml", "resources: [{unknown: 1}]");
  loop.settle();
  EXPECT_EQ(observer.take(), Lines{});
  EXPECT_EQ(file.held(kEndpoints, "a")->version, "1");
  write("e.yaml", kOnlyA);
  EXPECT_EQ(events(), Lines{"ClusterLoadAssignment 2: a@2"});
}

TEST_F(FileSourceTest, what_the_observer_refuses_stays_as_it_was) {
  write("e.yaml", kTwo);
  FileSource& file = make("e.yaml");
  file.subscribe(kEndpoints, "a");
  ASSERT_TRUE(file.start());
  events();
  observer.bad = {{"a", "no"}};
  write("e.yaml", kOnlyA);
  EXPECT_EQ(events(), Lines{"ClusterLoadAssignment 2: a@2"});
  EXPECT_EQ(file.held(kEndpoints, "a")->version, "1");
}

TEST_F(FileSourceTest, of_clusters_the_file_is_the_whole_list) {
  const std::string cluster = "- {\"@type\": type.googleapis.com/envoy.config.cluster.v3.Cluster, name: ";
  write("c.yaml", "version_info: \"1\"\nresources:\n" + cluster + "a}\n" + cluster + "b}\n");
  FileSource& file = make("c.yaml", kCluster);
  file.subscribe(kCluster, kWildcard);
  ASSERT_TRUE(file.start());
  EXPECT_EQ(events(), Lines{"Cluster 1: a@1 b@1"});
  write("c.yaml", "version_info: \"2\"\nresources:\n" + cluster + "b}\n");
  EXPECT_EQ(events(), Lines{"Cluster 2: b@2= -a"});
}

TEST_F(FileSourceTest, a_name_that_the_file_lacks_is_absent_at_once) {
  write("e.yaml", kOnlyA);
  FileSource& file = make("e.yaml");
  file.subscribe(kEndpoints, "a");
  ASSERT_TRUE(file.start());
  events();
  file.subscribe(kEndpoints, "b");
  EXPECT_EQ(events(), (Lines{"ClusterLoadAssignment 2: a@2=", "ClusterLoadAssignment absent b"}));
  write("e.yaml", kTwo);
  EXPECT_EQ(events(), Lines{"ClusterLoadAssignment 1: a@1 b@1"});
}

TEST_F(FileSourceTest, without_a_readable_file_nothing_is_waited_for) {
  FileSource& file = make("none.yaml", kListener);
  file.subscribe(kListener, kWildcard);
  ASSERT_TRUE(file.start());
  EXPECT_EQ(events(), Lines{"Listener timeout *"});
  write("none.yaml", "version_info: \"1\"");
  EXPECT_EQ(events(), Lines{"Listener 1:"});
}

TEST_F(FileSourceTest, another_type_inside_is_refused) {
  write("e.yaml", kTwo);
  FileSource& file = make("e.yaml", kListener);
  file.subscribe(kListener, kWildcard);
  ASSERT_TRUE(file.start());
  EXPECT_EQ(events(), Lines{"Listener 1:"});
  EXPECT_FALSE(file.held(kListener, "a"));
}

TEST_F(FileSourceTest, reads_binary_and_text_format) {
  envoy::config::endpoint::v3::ClusterLoadAssignment assignment;
  assignment.set_cluster_name("a");
  dv3::DiscoveryResponse response;
  response.set_version_info("1");
  response.add_resources()->PackFrom(assignment);
  std::string text;
  google::protobuf::TextFormat::PrintToString(response, &text);
  for (const auto& [name, bytes] :
       std::map<std::string, std::string>{{"e.pb", response.SerializeAsString()}, {"e.pb_text", text}}) {
    write(name, bytes);
    FileSource& file = make(name);
    file.subscribe(kEndpoints, "a");
    ASSERT_TRUE(file.start());
    EXPECT_EQ(events(), Lines{"ClusterLoadAssignment 1: a@1"}) << name;
  }
}

// As Kubernetes mounts a secret: data -> ..data/file, ..data -> a directory, and the latter link is swapped.
TEST_F(FileSourceTest, follows_a_directory_that_is_swapped_by_its_link) {
  for (const auto& [version, text] : std::map<std::string, std::string>{{"v1", kTwo}, {"v2", kOnlyA}}) {
    std::filesystem::create_directory(directory / version);
    std::ofstream(directory / version / "e.yaml") << text;
  }
  std::filesystem::create_directory_symlink("v1", directory / "..data");
  std::filesystem::create_symlink("..data/e.yaml", directory / "e.yaml");
  FileSource& file = make("e.yaml", kEndpoints, directory);
  file.subscribe(kEndpoints, "a");
  ASSERT_TRUE(file.start());
  EXPECT_EQ(events(), Lines{"ClusterLoadAssignment 1: a@1"});
  std::filesystem::create_directory_symlink("v2", directory / "tmp");
  std::filesystem::rename(directory / "tmp", directory / "..data");
  EXPECT_EQ(events(), Lines{"ClusterLoadAssignment 2: a@2"});
}

TEST_F(FileSourceTest, a_directory_that_is_not_there_is_an_error) {
  EXPECT_FALSE(make("e.yaml", kEndpoints, path("nowhere")).start());
}

constexpr observe::StatSchema kSchema{"cluster", kSubscriptionStats};

TEST_F(FileSourceTest, counts) {
  auto stats = std::make_shared<observe::StatGroup>(registry, kSchema, observe::StatName{"a", {}});
  FileSource& file = make("e.yaml");
  file.subscribe(kEndpoints, "a", {.stats = stats});
  ASSERT_TRUE(file.start());
  events();
  EXPECT_EQ(stats->value(SubscriptionStat::kFailure), 1) << "there is no file";
  write("e.yaml", kTwo);
  events();
  EXPECT_EQ(stats->value(SubscriptionStat::kSuccess), 1);
  observer.bad = {{"a", "no"}};
  write("e.yaml", kOnlyA);
  events();
  EXPECT_EQ(stats->value(SubscriptionStat::kRejected), 1);
}

}  // namespace
}  // namespace proa::xds
