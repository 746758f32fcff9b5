#include "proxy/local_reply.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace proa::proxy {
namespace {

using http::HeaderId;

struct LocalReplyTest : testing::Test {
  LocalReplyTest() {
    request.method = "GET";
    request.method_id = http::Method::kGet;
    info.request = &request;
    info.protocol = http::Version::kHttp2;
  }
  ShapedReply shape(const filters::LocalReply& reply) { return shape_local_reply(config, reply, info, arena); }
  static std::string header(const ShapedReply& reply, std::string_view name) {
    const http::Header* found = reply.head->headers.find(name);
    return found ? std::string(found->value) : "(none)";
  }
  static BodyFormat format_of(std::string_view text, std::string type = "text/plain") {
    return {.text = *observe::Formatter::compile(text, observe::FormatTarget::kBody),
            .json = std::nullopt,
            .content_type = std::move(type)};
  }
  LocalReplyMapper& mapper_for(uint32_t status) {
    LocalReplyMapper& mapper = config.mappers.emplace_back();
    mapper.filter = observe::status_code_filter(observe::Comparison::kEqual, status);
    return mapper;
  }

  Arena arena;
  http::RequestHead request{arena};
  observe::StreamInfo info;
  LocalReplyConfig config;
};

TEST_F(LocalReplyTest, plain_text) {
  ShapedReply reply = shape({.status = 503, .body = "no healthy upstream", .details = "no_healthy_upstream"});
  EXPECT_EQ(reply.head->status, 503);
  EXPECT_EQ(reply.head->version, http::Version::kHttp2);
  EXPECT_EQ(reply.body, "no healthy upstream");
  EXPECT_EQ(header(reply, "content-length"), "19");
  EXPECT_EQ(header(reply, "content-type"), "text/plain");
  EXPECT_EQ(info.response_code, 503U);
  EXPECT_EQ(info.response_code_details, "no_healthy_upstream");
}

TEST_F(LocalReplyTest, without_a_body_there_is_no_type) {
  ShapedReply reply = shape({.status = 404});
  EXPECT_EQ(reply.body, "");
  EXPECT_EQ(header(reply, "content-type"), "(none)");
}

TEST_F(LocalReplyTest, head_is_told_the_length_and_gets_no_body) {
  request.method_id = http::Method::kHead;
  ShapedReply reply = shape({.status = 403, .body = "denied"});
  EXPECT_EQ(reply.body, "");
  EXPECT_EQ(header(reply, "content-length"), "6");
}

TEST_F(LocalReplyTest, headers_of_the_filter_go_along_and_its_type_stays) {
  http::HeaderList headers(arena);
  headers.add(HeaderId::kContentType, "application/json");
  headers.add("x-why", "quota");
  ShapedReply reply = shape({.status = 429, .body = "{}", .headers = &headers});
  EXPECT_EQ(header(reply, "content-type"), "application/json");
  EXPECT_EQ(header(reply, "x-why"), "quota");
}

TEST_F(LocalReplyTest, a_grpc_client_gets_trailers_only) {
  request.headers.add(HeaderId::kContentType, "application/grpc+proto");
  ShapedReply reply = shape({.status = 503, .body = "50% \xff"});
  EXPECT_EQ(reply.head->status, 200);
  EXPECT_EQ(reply.body, "");
  EXPECT_EQ(header(reply, "content-type"), "application/grpc");
  EXPECT_EQ(header(reply, "grpc-status"), "14");
  EXPECT_EQ(header(reply, "grpc-message"), "50%25 %FF");
  EXPECT_EQ(info.response_code, 503U) << "logs show the HTTP status";
}

TEST_F(LocalReplyTest, a_grpc_status_of_the_filter_wins) {
  request.headers.add(HeaderId::kContentType, "application/grpc");
  ShapedReply reply = shape({.status = 500, .grpc_status = 8});
  EXPECT_EQ(header(reply, "grpc-status"), "8");
  EXPECT_EQ(header(reply, "grpc-message"), "(none)");
}

TEST_F(LocalReplyTest, the_first_mapper_that_matches_is_applied) {
  mapper_for(404).status = 410;
  LocalReplyMapper& wanted = mapper_for(503);
  wanted.status = 599;
  wanted.body = "come back";
  auto ops = std::make_shared<route::HeaderOps>();
  ASSERT_TRUE(ops->add("x-mapped", "%RESPONSE_CODE%").has_value());
  wanted.headers = ops;
  mapper_for(503).status = 500;
  ShapedReply reply = shape({.status = 503, .body = "gone"});
  EXPECT_EQ(reply.head->status, 599);
  EXPECT_EQ(reply.body, "come back");
  EXPECT_EQ(header(reply, "x-mapped"), "599");
  EXPECT_EQ(info.response_code, 599U);
}

TEST_F(LocalReplyTest, a_mapper_without_a_filter_takes_all) {
  config.mappers.emplace_back().status = 418;
  EXPECT_EQ(shape({.status = 503}).head->status, 418);
}

TEST_F(LocalReplyTest, the_format_sees_the_mapped_body_and_status) {
  config.format = format_of("<%RESPONSE_CODE%: %LOCAL_REPLY_BODY%>", "text/html");
  LocalReplyMapper& mapper = mapper_for(503);
  mapper.status = 502;
  mapper.body = "sorry";
  ShapedReply reply = shape({.status = 503, .body = "gone"});
  EXPECT_EQ(reply.body, "<502: sorry>");
  EXPECT_EQ(header(reply, "content-type"), "text/html");
  EXPECT_EQ(header(reply, "content-length"), "12");
}

TEST_F(LocalReplyTest, the_mappers_format_wins_over_the_common_one) {
  config.format = format_of("common");
  mapper_for(503).format = format_of("its own");
  EXPECT_EQ(shape({.status = 503}).body, "its own");
  EXPECT_EQ(shape({.status = 500}).body, "common");
}

TEST_F(LocalReplyTest, json) {
  auto json = observe::JsonFormatter::compile({{"code", "%RESPONSE_CODE%"}, {"text", "%LOCAL_REPLY_BODY%"}});
  ASSERT_TRUE(json.has_value());
  config.format.emplace();
  config.format->json = std::move(*json);
  config.format->content_type = "application/json";
  ShapedReply reply = shape({.status = 503, .body = "a \"b\""});
  const auto parsed = nlohmann::json::parse(reply.body);
  EXPECT_EQ(parsed["code"], 503);
  EXPECT_EQ(parsed["text"], "a \"b\"");
  EXPECT_EQ(header(reply, "content-type"), "application/json");
}

TEST_F(LocalReplyTest, a_message_that_never_became_a_request_gets_plain_text) {
  info.request = nullptr;
  ShapedReply reply = shape({.status = 400, .body = "Bad Request", .details = "http1.invalid_method"});
  EXPECT_EQ(reply.head->status, 400);
  EXPECT_EQ(header(reply, "content-length"), "11");
  EXPECT_EQ(reply.body, "Bad Request");
  EXPECT_EQ(info.response_code_details, "http1.invalid_method");
}

}  // namespace
}  // namespace proa::proxy
