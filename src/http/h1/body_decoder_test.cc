#include "http/h1/body_decoder.h"

#include <gtest/gtest.h>

#include <string>

namespace proa::http::h1 {
namespace {

struct Decoded {
  std::string data;
  std::string trailers;
  std::string_view reason;
  bool done = false;
  size_t rest = 0;
  size_t steps = 0;
};

// Feeds the input in pieces, keeping what is not used, as a connection does.
Decoded decode(std::string_view input, size_t piece = SIZE_MAX) {
  BodyDecoder decoder;
  decoder.start(BodyKind::kChunked, 0, 1000);
  Decoded result;
  std::string stored;
  char scratch[BodyDecoder::Scratch::extent];
  while (!input.empty() && !result.done) {
    std::string_view part = input.substr(0, piece);
    input.remove_prefix(part.size());
    stored += part;
    while (!stored.empty() && !result.done) {
      BodyDecoder::Step step = decoder.decode(stored, BodyDecoder::Scratch(scratch));
      ++result.steps;
      result.reason = step.refusal.reason;
      if (step.refusal) return result;
      result.data += step.data;
      result.trailers += step.trailers;
      result.done = step.done;
      if (step.used == 0) break;
      stored.erase(0, step.used);
    }
  }
  result.rest = stored.size() + input.size();
  return result;
}

TEST(ChunkedBody, is_the_same_in_pieces_of_any_size) {
  std::string large(3000, 'x');
  std::string input = "5\r\nhello\r\n1;a=b;c=\"d\\\";\"\r\n \r\nBB8\r\n" + large + "\r\n000\r\nX: y\r\nZ: w\r\n\r\nGET";
  for (size_t piece = 1; piece < input.size(); piece = piece < 40 ? piece + 1 : piece * 3) {
    Decoded result = decode(input, piece);
    EXPECT_TRUE(result.done) << piece;
    EXPECT_EQ(result.data, "hello " + large) << piece;
    EXPECT_EQ(result.trailers, "X: y\r\nZ: w\r\n\r\n") << piece;
    EXPECT_EQ(result.rest, 3u) << piece;
  }
}

TEST(ChunkedBody, takes_the_end_along_with_the_last_data) {
  EXPECT_EQ(decode("5\r\nhello\r\n0\r\n\r\n").steps, 1u);
  EXPECT_EQ(decode("400\r\n" + std::string(1024, 'x') + "\r\n0\r\n\r\n").steps, 1u);
}

TEST(ChunkedBody, gathers_tiny_chunks) {  // D3
  std::string flood;
  for (int i = 0; i < 4000; ++i) flood += "1\r\nx\r\n";
  Decoded result = decode(flood + "0\r\n\r\n");
  EXPECT_EQ(result.data.size(), 4000u);
  EXPECT_EQ(result.steps, 1u);
}

TEST(ChunkedBody, wants_one_to_sixteen_hexadecimal_digits) {  // S4
  EXPECT_TRUE(decode("0000000000000001\r\nx\r\n0\r\n\r\n").done);
  EXPECT_EQ(decode("7fffffffffffffff\r\n").reason, "");
  for (std::string_view bad : {"0x5\r\n", "+5\r\n", "-5\r\n", " 5\r\n", "5 \r\n", "5x\r\n", "0_5\r\n", "\r\n", ";a\r\n",
                               "00000000000000001\r\n", "8000000000000000\r\n", "ffffffffffffffff\r\n",
                               "10000000000000005\r\n", "5\n", "5\r\r;\n", "5\rx", "5\t\r\n", "g\r\n", "0\rX"}) {
    Decoded result = decode(bad);
    EXPECT_EQ(result.reason, "http1.invalid_chunk_size") << bad;
    EXPECT_EQ(result.data, "");
  }
}

TEST(ChunkedBody, wants_crlf_after_the_data) {
  for (std::string_view bad : {"1\r\nxy", "1\r\nx\ny", "1\r\nx\n", "1\r\nx\rx", "1\r\nx0\r\n\r\n"}) {
    EXPECT_EQ(decode(bad).reason, "http1.invalid_chunk_end") << bad;
  }
}

TEST(ChunkedBody, checks_extensions) {
  EXPECT_TRUE(decode("0;a;b = c ;d=\"e\tf\\\\\"\r\n\r\n").done);
  for (std::string_view bad :
       {"1;a=\"b\r\n\"\r\n", "1;a\nb\r\n", "1;a=\"\\\r\n", "1;a=b\x7f\r\n", "1;a={\r\n", "1;a=\"b\x01\"\r\n"}) {
    EXPECT_EQ(decode(bad).reason, "http1.invalid_chunk_extension") << bad;
  }
  EXPECT_EQ(decode(std::string_view("1;a\0\r\n", 7)).reason, "http1.invalid_chunk_extension");
  EXPECT_EQ(decode("1;a\rx").reason, "http1.invalid_chunk_size");
  EXPECT_EQ(decode("1;" + std::string(5000, 'a')).reason, "http1.chunk_extensions_too_large");
  std::string many;  // the limit is the message's, not the chunk's
  for (int i = 0; i < 500; ++i) many += "1;abcdefgh=i\r\nx\r\n";
  EXPECT_EQ(decode(many).reason, "http1.chunk_extensions_too_large");
}

TEST(ChunkedBody, limits_and_checks_trailers) {  // S5
  EXPECT_EQ(decode("0\r\nX: " + std::string(2000, 'x')).reason, "http1.trailers_too_large");
  EXPECT_EQ(decode("0\r\nX: y\n").reason, "http1.bare_lf");
  EXPECT_EQ(decode("0\r\nX: \ry").reason, "http1.bare_cr");
  EXPECT_EQ(decode(std::string_view("0\r\nX: \0\r\n", 9)).reason, "http1.invalid_characters");
}

TEST(Trailers, must_not_frame_route_or_authenticate) {
  for (std::string_view field :
       {"Content-Length: 1", "Transfer-Encoding: chunked", "Host: a", "Authorization: b", "Connection: close",
        "Connection: x", "Upgrade: x", "Expect: 100-continue", "Cookie: a=b", "Set-Cookie: a=b",
        "Proxy-Authorization: x", "Trailer: x", "Content-Type: a/b", "Content-Encoding: gzip"}) {
    Arena arena;
    HeaderList trailers(arena);
    EXPECT_EQ(parse_trailers(std::string(field) + "\r\n\r\n", {}, trailers).reason, "http1.forbidden_trailer") << field;
  }
  Arena arena;
  HeaderList trailers(arena);
  EXPECT_EQ(parse_trailers("Grpc-Status: 0\r\nX: y\r\n\r\n", {}, trailers).status, 0);
  EXPECT_EQ(trailers.value(HeaderId::kGrpcStatus), "0");
  EXPECT_EQ(parse_trailers("X : y\r\n\r\n", {}, trailers).reason, "http1.space_before_colon");
}

TEST(LengthBody, ends_with_its_last_byte) {
  BodyDecoder decoder;
  char scratch[BodyDecoder::Scratch::extent];
  decoder.start(BodyKind::kLength, 5, 0);
  BodyDecoder::Step step = decoder.decode("abc", BodyDecoder::Scratch(scratch));
  EXPECT_EQ(step.data, "abc");
  EXPECT_FALSE(step.done);
  EXPECT_EQ(decoder.remaining(), 2u);
  step = decoder.decode("deGET", BodyDecoder::Scratch(scratch));
  EXPECT_EQ(step.data, "de");
  EXPECT_EQ(step.used, 2u);
  EXPECT_TRUE(step.done);
}

}  // namespace
}  // namespace proa::http::h1
