#include "http/h2/hpack_encoder.h"

#include <gtest/gtest.h>

#include <string>

#include "http/h2/hpack_decoder.h"

namespace proa::http::h2 {
namespace {

struct Encoded {
  Encoded(HpackEncoder& encoder, std::initializer_list<Header> headers) {
    for (Header header : headers) {
      header.id = header_id(header.name);
      list.add(header);
    }
    bytes.resize(HpackEncoder::bound(list) + HpackEncoder::kBeginBound);
    bytes.resize(static_cast<size_t>(encoder.fields(encoder.begin(bytes.data()), list) - bytes.data()));
  }
  Arena arena;
  HeaderList list{arena};
  std::string bytes;
};

std::string decode(HpackDecoder& decoder, std::string_view block) {
  Arena arena;
  HeaderList fields(arena);
  FieldLimits limits;
  FieldSection section(&fields, limits, UnderscoreAction::kAllow);
  if (decoder.decode(block, section) != HpackStatus::kOk) return "<error>";
  std::string text;
  for (const Header& header : fields.all()) text += std::string(header.name) + "=" + std::string(header.value) + ";";
  return text;
}

TEST(HpackEncoder, writes_literals_with_static_names) {
  HpackEncoder encoder(0, false);
  EXPECT_EQ(Encoded(encoder, {{"content-type", "a/b"}, {"x-y", "z"}}).bytes,
            std::string("\x0f\x10\x03") + "a/b" + std::string("\x00\x03x-y\x01z", 7));
  EXPECT_EQ(encoder.table().count(), 0u);
}

TEST(HpackEncoder, never_indexes_what_is_sensitive) {
  HpackEncoder encoder(4096, false);
  Header secret{"x-key", "s"};
  secret.sensitive = true;
  EXPECT_EQ(Encoded(encoder, {secret}).bytes, std::string("\x10\x05") + "x-key\x01s");
  EXPECT_EQ(encoder.table().count(), 0u);
}

TEST(HpackEncoder, statuses_methods_schemes_and_paths_come_from_the_static_table) {
  HpackEncoder encoder(0, false);
  char out[64];
  EXPECT_EQ(std::string(out, encoder.status(out, 200)), "\x88");
  EXPECT_EQ(std::string(out, encoder.status(out, 500)), "\x8e");
  EXPECT_EQ(std::string(out, encoder.status(out, 418)),
            "\x08\x03"
            "418");
  EXPECT_EQ(std::string(out, encoder.method(out, "GET")), "\x82");
  EXPECT_EQ(std::string(out, encoder.method(out, "PUT")), "\x02\x03PUT");
  EXPECT_EQ(std::string(out, encoder.scheme(out, "https")), "\x87");
  EXPECT_EQ(std::string(out, encoder.path(out, "/")), "\x84");
  EXPECT_EQ(std::string(out, encoder.path(out, "/x")), "\x04\x02/x");
}

TEST(HpackEncoder, repeats_come_from_the_dynamic_table) {
  HpackEncoder encoder(4096, true);
  HpackDecoder decoder(4096);
  std::string expected = "user-agent=grpc-c++/1.2;x-tenant=blue;grpc-timeout=1S;";
  for (int i = 0; i < 3; ++i) {
    Encoded block(encoder, {{"user-agent", "grpc-c++/1.2"}, {"x-tenant", "blue"}, {"grpc-timeout", "1S"}});
    EXPECT_EQ(decode(decoder, block.bytes), expected);
    if (i) {
      EXPECT_EQ(block.bytes.substr(0, 2), "\xbf\xbe");
    }
  }
  EXPECT_EQ(encoder.table().count(), 2u);
}

TEST(HpackEncoder, follows_the_peers_table_size_and_says_so) {
  HpackEncoder encoder(4096, false);
  HpackDecoder decoder(4096);
  decode(decoder, Encoded(encoder, {{"x-a", "1"}}).bytes);
  encoder.set_peer_table_size(0);
  encoder.set_peer_table_size(100);
  Encoded block(encoder, {{"x-a", "1"}, {"x-a", "1"}});
  EXPECT_EQ(block.bytes.substr(0, 3), "\x20\x3f\x45");  // down to 0, then 100
  EXPECT_EQ(decode(decoder, block.bytes), "x-a=1;x-a=1;");
  EXPECT_EQ(decoder.table().max_size(), 100u);
}

TEST(HpackEncoder, a_peer_that_takes_its_table_away_is_answered_even_without_a_table_of_ours) {
  HpackEncoder encoder(0, false);
  encoder.set_peer_table_size(65536);
  EXPECT_EQ(Encoded(encoder, {{"a", "b"}}).bytes[0], '\0');
  encoder.set_peer_table_size(0);
  EXPECT_EQ(Encoded(encoder, {{"a", "b"}}).bytes[0], '\x20');
  EXPECT_EQ(Encoded(encoder, {{"a", "b"}}).bytes[0], '\0');
}

TEST(HpackEncoder, a_stateless_block_decodes_at_any_time) {
  HpackEncoder encoder(4096, false);
  HpackDecoder decoder(4096);
  Arena arena;
  HeaderList trailers(arena);
  trailers.add("x-a", "1");
  std::string later(HpackEncoder::bound(trailers), '\0');
  later.resize(static_cast<size_t>(encoder.stateless_fields(later.data(), trailers) - later.data()));
  decode(decoder, Encoded(encoder, {{"x-a", "1"}, {"x-b", "2"}}).bytes);
  EXPECT_EQ(decode(decoder, later), "x-a=1;");
  EXPECT_EQ(encoder.table().count(), decoder.table().count());
}

TEST(HpackEncoder, tables_of_both_sides_agree_through_evictions) {
  HpackEncoder encoder(256, false);
  HpackDecoder decoder(4096);
  for (int i = 0; i < 500; ++i) {
    std::string value = std::to_string(i * 7919 % 23);
    Encoded block(encoder, {{"x-value", value}, {"x-fixed", "f"}, {"x-long", std::string(i % 250, 'l')}});
    EXPECT_EQ(decode(decoder, block.bytes),
              "x-value=" + value + ";x-fixed=f;x-long=" + std::string(i % 250, 'l') + ";");
  }
}

}  // namespace
}  // namespace proa::http::h2
