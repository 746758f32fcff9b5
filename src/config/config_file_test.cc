#include "config/config_file.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "envoy/config/bootstrap/v3/bootstrap.pb.h"

namespace proa::config {
namespace {

using envoy::config::bootstrap::v3::Bootstrap;
using testing::HasSubstr;

class ConfigFile : public testing::Test {
 protected:
  ConfigFile() { std::filesystem::create_directories(folder_); }
  ~ConfigFile() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& text) {
    const std::string path = (folder_ / name).string();
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }

  std::string read(const std::string& file, const std::string& yaml = {}) {
    read_config({.file = file, .yaml = yaml}, bootstrap_, marks_, problems_);
    return problems_.str();
  }

  Bootstrap bootstrap_;
  Marks marks_;
  Problems problems_;

 private:
  std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("proa_config_file_test_" + std::to_string(getpid()));
};

TEST_F(ConfigFile, the_ending_names_the_format) {
  Bootstrap wanted;
  wanted.mutable_node()->set_id("a");
  std::string text;
  google::protobuf::TextFormat::PrintToString(wanted, &text);
  const std::string files[] = {write("a.yaml", "node: {id: a}"), write("a.yml", "node: {id: a}"),
                               write("a.json", "{\"node\": {\"id\": \"a\"}}"),
                               write("a.pb", wanted.SerializeAsString()), write("a.pb_text", text)};
  for (const std::string& file : files) {
    bootstrap_.Clear();
    EXPECT_EQ(read(file), "") << file;
    EXPECT_EQ(bootstrap_.node().id(), "a") << file;
  }
}

TEST_F(ConfigFile, json_is_strict) {
  EXPECT_THAT(read(write("a.json", "{\"node\": {},}")), HasSubstr("a.json:1:13: a ',' stands before the end"));
}

TEST_F(ConfigFile, errors_of_the_text_format_have_a_place) {
  EXPECT_THAT(read(write("a.pb_text", "node {\n  idd: \"a\"\n}\n")), HasSubstr("a.pb_text:2:6: "));
}

TEST_F(ConfigFile, what_cannot_be_read_is_named) {
  EXPECT_THAT(read("/nowhere/a.yaml"), HasSubstr("/nowhere/a.yaml: cannot be opened: No such file or directory"));
  EXPECT_THAT(read(write("a.toml", "")), HasSubstr("use .yaml, .yml, .json, .pb or .pb_text"));
  EXPECT_THAT(read(write("a.pb", "\xFF")), HasSubstr("is not a binary envoy.config.bootstrap.v3.Bootstrap"));
  EXPECT_THAT(read(std::filesystem::temp_directory_path().string() + "/."),
              HasSubstr("cannot be read: Is a directory"));
}

TEST_F(ConfigFile, no_configuration_at_all_says_how_to_give_one) {
  EXPECT_THAT(read("", ""), HasSubstr("no configuration is given; use -c FILE, --config-yaml TEXT or both"));
}

TEST_F(ConfigFile, yaml_of_the_command_line_is_merged_over_the_file) {
  const std::string file = write("a.yaml",
                                 "node: {id: a, cluster: c}\n"
                                 "static_resources:\n  clusters:\n  - name: one\n");
  EXPECT_EQ(read(file, "node: {id: b}\nstatic_resources: {clusters: [{name: two}]}"), "");
  EXPECT_EQ(bootstrap_.node().id(), "b");
  EXPECT_EQ(bootstrap_.node().cluster(), "c");
  ASSERT_EQ(bootstrap_.static_resources().clusters_size(), 2);
  const FieldPath root;
  EXPECT_EQ(marks_.find(root / "node.id").file, "--config-yaml");
  EXPECT_EQ(marks_.find(root / "node.cluster").file, file);
  EXPECT_EQ(marks_.find(root / "static_resources.clusters[0].name").file, file);
  EXPECT_EQ(marks_.find(root / "static_resources.clusters[1].name").file, "--config-yaml");
}

TEST_F(ConfigFile, errors_of_the_merged_yaml_name_the_final_index) {
  const std::string file = write("a.yaml", "static_resources: {clusters: [{name: one}]}\n");
  EXPECT_EQ(read(file, "static_resources: {clusters: [{nme: two}]}"),
            "--config-yaml:1:32: static_resources.clusters[1].nme: unknown field of Cluster; did you mean 'name'?\n"
            "1 error\n");
}

TEST_F(ConfigFile, a_value_that_a_merge_cannot_override_is_warned_about) {
  const std::string file = write("a.yaml", "stats_flush_interval: 0.5s\nenable_dispatcher_stats: true\n");
  EXPECT_EQ(read(file, "{stats_flush_interval: 1s, enable_dispatcher_stats: false}"),
            "--config-yaml:1:24: warning: stats_flush_interval: \"1s\" merges with the value before it to 1.500s; "
            "seconds and their fraction are merged apart; change the file instead\n"
            "--config-yaml:1:53: warning: enable_dispatcher_stats: is false, which does not override the value before "
            "it; a zero or false replaces nothing when messages are merged; change the file instead\n"
            "2 warnings\n");
  EXPECT_TRUE(bootstrap_.enable_dispatcher_stats());
}

}  // namespace
}  // namespace proa::config
