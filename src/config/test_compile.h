// What the tests of the compile functions share: a message out of YAML, and the place that complains.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "config/compiler.h"
#include "config/message_reader.h"
#include "envoy/config/bootstrap/v3/bootstrap.pb.h"

namespace proa::config {

/// Cluster "backend" exists.
struct CompileTest : testing::Test {
  template <class Message>
  Message read(std::string_view yaml) {
    Problems reading;
    Message message;
    const auto tree = read_yaml(std::string(yaml), "a.yaml", reading);
    read_message(tree->root(), message, marks, reading);
    EXPECT_EQ(reading.str(), "");
    return message;
  }
  /// "path: what" of every problem so far, one a line.
  std::string problem_lines() const {
    std::string out;
    for (const Problem& problem : problems.all()) out += problem.path + ": " + problem.what + "\n";
    return out;
  }

  observe::Registry registry;
  SharedObjects shared{registry};
  envoy::config::bootstrap::v3::Bootstrap bootstrap;
  Compiler compiler{.shared = shared,
                    .bootstrap = bootstrap,
                    .service_cluster = "front",
                    .service_node = "node-1",
                    .service_zone = "z",
                    .clusters = {"backend"}};
  Marks marks;
  Problems problems;
  FieldPath root;
  Site at{marks, problems, root};
};

}  // namespace proa::config
