#include "config/access_log_compile.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "config/test_compile.h"
#include "net/test_loop.h"
#include "observe/metadata.h"

namespace proa::config {
namespace {

using testing::HasSubstr;

struct AccessLogCompile : CompileTest {
  AccessLogCompile() {
    std::filesystem::remove(path);
    head.method = "GET";
    head.path = "/p";
    info.request = &head;
    info.response = &response;
    info.response_code = 200;
  }
  ~AccessLogCompile() override { std::filesystem::remove(path); }

  observe::AccessLogFilterPtr filter(const std::string& yaml) {
    problems = {};
    return compile_access_log_filter(read<envoy::config::accesslog::v3::AccessLogFilter>("{" + yaml + "}"), at);
  }
  std::vector<std::shared_ptr<const observe::AccessLog>> logs(const std::string& list) {
    problems = {};
    using Manager = envoy::extensions::filters::network::http_connection_manager::v3::HttpConnectionManager;
    return compile_access_logs(read<Manager>("{access_log: [" + list + "]}").access_log(), at, compiler);
  }
  static std::string logger(const std::string& type, const std::string& fields = "", const std::string& beside = "") {
    return "{name: l, typed_config: {\"@type\": type.googleapis.com/envoy.extensions.access_loggers." + type +
           (fields.empty() ? "" : ", " + fields) + "}" + beside + "}";
  }
  std::string file(const std::string& fields = "", const std::string& beside = "") const {
    return logger("file.v3.FileAccessLog", "path: " + path + (fields.empty() ? "" : ", " + fields), beside);
  }
  /// What one log writes for `info`.
  std::string line(const std::string& logger) {
    const auto compiled = logs(logger);
    EXPECT_EQ(problem_lines(), "");
    if (compiled.size() != 1) return "(no log)";
    compiled[0]->log(info);
    loop.settle();
    (*shared.log_file(path))->flush();
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    std::ofstream(path, std::ios::trunc).close();
    return text.str();
  }
  proxy::LocalReplyConfig replies(const std::string& fields) {
    problems = {};
    using Config = envoy::extensions::filters::network::http_connection_manager::v3::LocalReplyConfig;
    return compile_local_replies(read<Config>("{" + fields + "}"), at, compiler);
  }
  std::string body(const proxy::BodyFormat& format) {
    std::string text;
    format.format(info, text);
    return text;
  }

  const std::string path = testing::TempDir() + "access_log_compile_" + std::to_string(::getpid());
  net::TestLoop loop;
  Arena arena;
  http::RequestHead head{arena};
  http::ResponseHead response{arena};
  observe::StreamInfo info;
};

TEST_F(AccessLogCompile, text) {
  EXPECT_THAT(line(file()), HasSubstr("\"GET /p HTTP/1.1\" 200 - ")) << "Envoy's own format";
  EXPECT_EQ(line(file("log_format: {text_format: '%REQ(:PATH)% %REQ(X-NONE)%|'}")), "/p -|");
  EXPECT_EQ(line(file("log_format: {text_format_source: {inline_string: '%RESPONSE_CODE%;'}}")), "200;");
  EXPECT_EQ(line(file("log_format: {omit_empty_values: true, text_format: '%REQ(X-NONE)%|'}")), "|");
}

TEST_F(AccessLogCompile, json_has_types_and_a_line_for_each_exchange) {
  EXPECT_EQ(line(file("log_format: {json_format: {code: '%RESPONSE_CODE%', p: '%REQ(:PATH)%', n: '%REQ(X-NONE)%'}}")),
            "{\"code\":200,\"n\":null,\"p\":\"/p\"}\n");
  EXPECT_EQ(line(file("log_format: {omit_empty_values: true, json_format: {p: '%REQ(:PATH)%', n: '%REQ(X-NONE)%'}}")),
            "{\"p\":\"/p\"}\n");
}

TEST_F(AccessLogCompile, formats_that_are_wrong_are_named_where_they_stand) {
  logs(file("log_format: {text_format: '%NOTHING%'}"));
  EXPECT_THAT(problem_lines(), HasSubstr("[0].typed_config.log_format.text_format: "));
  logs(file("log_format: {json_format: {a: {b: '%NOTHING%'}}}"));
  EXPECT_THAT(problem_lines(), HasSubstr("[0].typed_config.log_format.json_format: "));
  logs(file("log_format: {text_format_source: {inline_string: '%NOTHING%'}}"));
  EXPECT_THAT(problem_lines(), HasSubstr("[0].typed_config.log_format.text_format_source: "));
  logs(file("log_format: {text_format_source: {filename: /no/such/format}}"));
  EXPECT_THAT(problem_lines(), HasSubstr("log_format.text_format_source.filename: cannot read"));
}

TEST_F(AccessLogCompile, a_file_that_cannot_be_opened) {
  EXPECT_TRUE(logs(logger("file.v3.FileAccessLog", "path: /no/such/folder/log")).empty());
  EXPECT_THAT(problem_lines(), HasSubstr("[0].typed_config.path: "));
}

TEST_F(AccessLogCompile, what_goes_to_dev_null_is_not_even_formatted) {
  EXPECT_TRUE(logs(logger("file.v3.FileAccessLog", "path: /dev/null")).empty());
  EXPECT_EQ(problem_lines(), "");
}

TEST_F(AccessLogCompile, standard_streams) {
  EXPECT_EQ(logs(logger("stream.v3.StdoutAccessLog") + ", " + logger("stream.v3.StderrAccessLog")).size(), 2U);
  EXPECT_EQ(problem_lines(), "");
  logs(logger("stream.v3.StderrAccessLog", "log_format: {text_format: '%NOTHING%'}"));
  EXPECT_THAT(problem_lines(), HasSubstr("[0].typed_config.log_format.text_format: "));
}

TEST_F(AccessLogCompile, only_what_the_filter_matches_is_logged) {
  const std::string errors =
      ", filter: {status_code_filter: {comparison: {op: GE, value: {default_value: 500, runtime_key: k}}}}";
  EXPECT_EQ(line(file("", errors)), "");
  info.response_code = 503;
  EXPECT_THAT(line(file("", errors)), HasSubstr(" 503 "));
  logs(file("", ", filter: {header_filter: {header: {name: a, string_match: {safe_regex: {regex: '('}}}}}"));
  EXPECT_THAT(problem_lines(), HasSubstr("[0].filter.header_filter.header"));
}

TEST_F(AccessLogCompile, comparisons) {
  auto matches = [&](const std::string& op, const std::string& value) {
    return filter("status_code_filter: {comparison: {op: " + op + ", value: {default_value: " + value +
                  ", runtime_key: k}}}")
        ->matches(info);
  };
  EXPECT_TRUE(matches("EQ", "200"));
  EXPECT_FALSE(matches("EQ", "201"));
  EXPECT_TRUE(matches("GE", "200"));
  EXPECT_FALSE(matches("GE", "201"));
  EXPECT_TRUE(matches("LE", "200"));
  EXPECT_FALSE(matches("LE", "199"));
  EXPECT_TRUE(matches("NE", "201"));
  EXPECT_FALSE(matches("NE", "200"));
  info.end = info.start + Milliseconds(70);
  EXPECT_TRUE(
      filter("duration_filter: {comparison: {op: GE, value: {default_value: 70, runtime_key: k}}}")->matches(info));
  EXPECT_FALSE(
      filter("duration_filter: {comparison: {op: GE, value: {default_value: 71, runtime_key: k}}}")->matches(info));
  EXPECT_EQ(problem_lines(), "");
}

TEST_F(AccessLogCompile, conditions) {
  EXPECT_TRUE(filter("not_health_check_filter: {}")->matches(info));
  EXPECT_FALSE(filter("traceable_filter: {}")->matches(info));
  head.headers.add("x-log", "yes");
  EXPECT_TRUE(filter("header_filter: {header: {name: X-Log, string_match: {exact: 'yes'}}}")->matches(info));
  EXPECT_TRUE(filter("runtime_filter: {runtime_key: k, percent_sampled: {numerator: 100}}")->matches(info));
  EXPECT_FALSE(filter("runtime_filter: {runtime_key: k}")->matches(info)) << "no share: none, as by Envoy";
  EXPECT_TRUE(filter("runtime_filter: {runtime_key: k, percent_sampled: {numerator: 1000000, denominator: MILLION}}")
                  ->matches(info));
  info.health_check = true;
  info.sampled = true;
  EXPECT_FALSE(filter("not_health_check_filter: {}")->matches(info));
  EXPECT_TRUE(filter("traceable_filter: {}")->matches(info));
  EXPECT_EQ(problem_lines(), "");
}

TEST_F(AccessLogCompile, filters_within_filters) {
  const std::string yes = "{status_code_filter: {comparison: {op: EQ, value: {default_value: 200, runtime_key: k}}}}";
  const std::string no = "{traceable_filter: {}}";
  EXPECT_FALSE(filter("and_filter: {filters: [" + yes + ", " + no + "]}")->matches(info));
  EXPECT_TRUE(filter("or_filter: {filters: [" + yes + ", " + no + "]}")->matches(info));
  EXPECT_EQ(problem_lines(), "");
  filter("or_filter: {filters: [" + yes + ", {and_filter: {filters: [" + no +
         ", {response_flag_filter: {flags: [UF, XX]}}]}}]}");
  EXPECT_EQ(problem_lines(),
            "or_filter.filters[1].and_filter.filters[1].response_flag_filter.flags[1]: \"XX\" is no response flag\n");
}

TEST_F(AccessLogCompile, flags) {
  const auto some = filter("response_flag_filter: {flags: [UF, NR]}");
  const auto any = filter("response_flag_filter: {}");
  EXPECT_FALSE(some->matches(info) || any->matches(info));
  info.set(observe::ResponseFlag::kRateLimited);
  EXPECT_TRUE(any->matches(info));
  EXPECT_FALSE(some->matches(info));
  info.set(observe::ResponseFlag::kNoRouteFound);
  EXPECT_TRUE(some->matches(info));
}

TEST_F(AccessLogCompile, grpc_statuses) {
  response.headers.add("grpc-status", "5");
  EXPECT_TRUE(filter("grpc_status_filter: {statuses: [NOT_FOUND, CANCELED]}")->matches(info));
  EXPECT_FALSE(filter("grpc_status_filter: {statuses: [OK]}")->matches(info));
  EXPECT_FALSE(filter("grpc_status_filter: {statuses: [NOT_FOUND], exclude: true}")->matches(info));
}

TEST_F(AccessLogCompile, metadata) {
  const std::string matcher = "matcher: {filter: ns, path: [{key: a}, {key: b}], value: {string_match: {exact: v}}}";
  EXPECT_TRUE(filter("metadata_filter: {" + matcher + "}")->matches(info)) << "an absent key matches";
  EXPECT_FALSE(filter("metadata_filter: {match_if_key_not_found: false, " + matcher + "}")->matches(info));
  observe::mutable_metadata(info, arena).root["ns"]["a"]["b"] = "v";
  EXPECT_TRUE(filter("metadata_filter: {match_if_key_not_found: false, " + matcher + "}")->matches(info));
  observe::mutable_metadata(info, arena).root["ns"]["a"]["b"] = "w";
  EXPECT_FALSE(filter("metadata_filter: {" + matcher + "}")->matches(info));
}

TEST_F(AccessLogCompile, local_replies_are_shaped) {
  const proxy::LocalReplyConfig to = replies(
      "body_format: {text_format: '%RESPONSE_CODE%!'}, mappers: [{filter: {traceable_filter: {}}, status_code: 418, "
      "body: {inline_string: gone}, body_format_override: {json_format: {c: '%RESPONSE_CODE%'}}, headers_to_add: "
      "[{header: {key: x-a, value: b}}]}, {filter: {traceable_filter: {}}}]");
  EXPECT_EQ(problem_lines(), "");
  ASSERT_TRUE(to.format);
  EXPECT_EQ(body(*to.format), "200!");
  EXPECT_EQ(to.format->content_type, "text/plain");
  ASSERT_EQ(to.mappers.size(), 2U);
  EXPECT_TRUE(to.mappers[0].filter);
  EXPECT_EQ(to.mappers[0].status, 418);
  EXPECT_EQ(to.mappers[0].body, "gone");
  EXPECT_THAT(body(*to.mappers[0].format), HasSubstr("{\"c\":200}"));
  EXPECT_EQ(to.mappers[0].format->content_type, "application/json");
  EXPECT_EQ(to.mappers[0].headers->steps().size(), 1U);
  EXPECT_EQ(to.mappers[1].status, 0) << "kept";
  EXPECT_FALSE(to.mappers[1].body || to.mappers[1].format || to.mappers[1].headers);
}

TEST_F(AccessLogCompile, a_bodys_type_is_what_is_said) {
  EXPECT_EQ(replies("body_format: {text_format: x, content_type: text/html}").format->content_type, "text/html");
  EXPECT_EQ(body(*replies("body_format: {text_format_source: {inline_bytes: aGk=}}").format), "hi");
}

TEST_F(AccessLogCompile, local_replies_that_are_wrong) {
  replies(
      "body_format: {text_format: '%NOTHING%'}, mappers: [{filter: {response_flag_filter: {flags: [XX]}}, body: "
      "{environment_variable: PROA_NO_SUCH_VARIABLE}, body_format_override: {json_format: {a: '%NOTHING%'}}, "
      "headers_to_add: [{header: {key: ':path', value: b}}]}]");
  for (const char* expected : {"body_format.text_format: ", "mappers[0].filter.response_flag_filter.flags[0]: ",
                               "mappers[0].body.environment_variable: \"PROA_NO_SUCH_VARIABLE\" is not set",
                               "mappers[0].body_format_override.json_format: ", "mappers[0].headers_to_add[0]: "}) {
    EXPECT_THAT(problem_lines(), HasSubstr(expected));
  }
  EXPECT_EQ(problems.errors(), 5U);
}

}  // namespace
}  // namespace proa::config
