#include "mesh/translate/access_logs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "envoy/extensions/access_loggers/file/v3/file.pb.h"
#include "mesh/model/test_objects.h"

namespace proa::mesh {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct AccessLogging : testing::Test {
  void read(std::string_view mesh_config, std::string_view objects = "") {
    config::Problems problems;
    auto all = read_objects(mesh_config, problems, Kind::mesh_config);
    for (auto& object : read_objects(objects, problems)) all.push_back(std::move(object));
    EXPECT_EQ(problems.str(), "");
    world = World::empty()->with(std::move(all));
  }
  AccessLogs logs(Direction direction = Direction::outbound) const {
    ProxyNode node;
    node.ns = "shop";
    return reporting_for(*world, node, direction).logs;
  }
  std::vector<std::string> names(Direction direction = Direction::outbound) const {
    std::vector<std::string> out;
    for (const auto& log : logs(direction)) out.push_back(log.name() + (log.has_filter() ? " filtered" : ""));
    return out;
  }
  std::shared_ptr<const World> world;
};

TEST_F(AccessLogging, is_off_by_default_and_on_by_a_file) {
  read("{}");
  EXPECT_THAT(names(), IsEmpty());
  read("accessLogFile: /dev/stdout");
  EXPECT_THAT(names(), ElementsAre("envoy.access_loggers.file"));
}

TEST_F(AccessLogging, is_json_where_the_mesh_says_so) {
  read("accessLogFile: /dev/stdout\naccessLogEncoding: JSON");
  envoy::extensions::access_loggers::file::v3::FileAccessLog file;
  ASSERT_TRUE(logs()[0].typed_config().UnpackTo(&file));
  EXPECT_EQ(file.log_format().json_format().fields().at("method").string_value(), "%REQ(:METHOD)%");
  read("accessLogFile: /dev/stdout\naccessLogEncoding: JSON\naccessLogFormat: '{\"m\": \"%REQ(:METHOD)%\"}'");
  ASSERT_TRUE(logs()[0].typed_config().UnpackTo(&file));
  EXPECT_EQ(file.log_format().json_format().fields_size(), 1);
}

constexpr std::string_view kLevels = R"(
apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: {name: mesh, namespace: istio-system}
spec: {accessLogging: [{providers: [{name: envoy}], filter: {expression: response.code >= 400}}]}
---
apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: {name: shop, namespace: shop}
spec: {accessLogging: [{match: {mode: SERVER}, disabled: true}]}
)";

TEST_F(AccessLogging, a_namespace_switches_off_what_the_mesh_has) {
  read("{}", kLevels);
  EXPECT_THAT(names(Direction::outbound), ElementsAre("envoy.access_loggers.file filtered"));
  EXPECT_THAT(names(Direction::inbound), IsEmpty());
}

}  // namespace
}  // namespace proa::mesh
