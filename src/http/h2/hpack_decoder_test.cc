#include "http/h2/hpack_decoder.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "http/header_id.h"

namespace proa::http::h2 {
namespace {

std::string hex(std::string_view digits) {
  std::string bytes, clean;
  for (char c : digits) {
    if (c != ' ') clean += c;
  }
  for (size_t i = 0; i < clean.size(); i += 2) bytes += static_cast<char>(std::stoi(clean.substr(i, 2), nullptr, 16));
  return bytes;
}

/// A block decoded with fresh storage, as text.
struct Decoded {
  Decoded(HpackDecoder& decoder, std::string_view block, FieldLimits with = {}) : limits(with) {
    status = decoder.decode(block, section);
    static constexpr std::pair<Pseudo, const char*> kPseudos[] = {{Pseudo::kMethod, ":method"},
                                                                  {Pseudo::kScheme, ":scheme"},
                                                                  {Pseudo::kPath, ":path"},
                                                                  {Pseudo::kAuthority, ":authority"},
                                                                  {Pseudo::kStatus, ":status"}};
    for (auto [pseudo, name] : kPseudos) {
      if (section.has(pseudo)) text += name + (": " + std::string(section.value(pseudo))) + "\n";
    }
    for (const Header& header : fields.all()) {
      text += std::string(header.name) + ": " + std::string(header.value) + "\n";
    }
  }
  Arena arena;
  HeaderList fields{arena};
  FieldLimits limits;
  FieldSection section{&fields, limits, UnderscoreAction::kAllow};
  HpackStatus status;
  std::string text;
};

std::string literal(std::string_view name, std::string_view value, char first = 0x00) {
  std::string bytes{first};
  bytes += static_cast<char>(name.size());
  bytes += name;
  bytes += static_cast<char>(value.size());
  bytes += value;
  return bytes;
}

TEST(StaticTable, ids_are_those_of_the_names) {
  for (uint32_t i = 1; i <= kStaticEntries; ++i) {
    const Field& field = static_entry(i);
    EXPECT_EQ(field.id, field.pseudo == Pseudo::kNone ? header_id(field.name) : HeaderId::kOther) << field.name;
    EXPECT_EQ(field.pseudo, pseudo_of(field.name));
    if (field.id != HeaderId::kOther) {
      EXPECT_EQ(static_entry(static_name_index(field.id)).name, field.name);
    }
  }
}

TEST(HpackDecoder, decodes_single_fields_of_appendix_c2) {
  HpackDecoder decoder(4096);
  EXPECT_EQ(Decoded(decoder, hex("400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572")).text,
            "custom-key: custom-header\n");
  EXPECT_EQ(decoder.table().size(), 55u);
  EXPECT_EQ(Decoded(decoder, hex("040c 2f73 616d 706c 652f 7061 7468")).text, ":path: /sample/path\n");
  Decoded never(decoder, hex("1008 7061 7373 776f 7264 0673 6563 7265 74"));
  EXPECT_EQ(never.text, "password: secret\n");
  EXPECT_TRUE(never.fields.all()[0].sensitive);
  EXPECT_EQ(Decoded(decoder, hex("82")).text, ":method: GET\n");
  EXPECT_EQ(decoder.table().size(), 55u);
}

void decode_requests(std::string_view first, std::string_view second, std::string_view third) {
  HpackDecoder decoder(4096);
  EXPECT_EQ(Decoded(decoder, hex(first)).text, ":method: GET\n:scheme: http\n:path: /\n:authority: www.example.com\n");
  EXPECT_EQ(decoder.table().size(), 57u);
  EXPECT_EQ(Decoded(decoder, hex(second)).text,
            ":method: GET\n:scheme: http\n:path: /\n:authority: www.example.com\ncache-control: no-cache\n");
  EXPECT_EQ(decoder.table().size(), 110u);
  EXPECT_EQ(
      Decoded(decoder, hex(third)).text,
      ":method: GET\n:scheme: https\n:path: /index.html\n:authority: www.example.com\ncustom-key: custom-value\n");
  EXPECT_EQ(decoder.table().size(), 164u);
}

TEST(HpackDecoder, decodes_requests_of_appendix_c3_and_c4) {
  decode_requests("8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d", "8286 84be 5808 6e6f 2d63 6163 6865",
                  "8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65");
  decode_requests("8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff", "8286 84be 5886 a8eb 1064 9cbf",
                  "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf");
}

void decode_responses(std::string_view first, std::string_view second, std::string_view third) {
  HpackDecoder decoder(256);
  decoder.settings_acknowledged();
  std::string shrink = hex("3fe101");  // to 256
  EXPECT_EQ(Decoded(decoder, shrink + hex(first)).text,
            ":status: 302\ncache-control: private\ndate: Mon, 21 Oct 2013 20:13:21 GMT\n"
            "location: https://www.example.com\n");
  EXPECT_EQ(decoder.table().size(), 222u);
  EXPECT_EQ(Decoded(decoder, hex(second)).text,
            ":status: 307\ncache-control: private\ndate: Mon, 21 Oct 2013 20:13:21 GMT\n"
            "location: https://www.example.com\n");
  EXPECT_EQ(decoder.table().size(), 222u);
  EXPECT_EQ(Decoded(decoder, hex(third)).text,
            ":status: 200\ncache-control: private\ndate: Mon, 21 Oct 2013 20:13:22 GMT\n"
            "location: https://www.example.com\ncontent-encoding: gzip\n"
            "set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1\n");
  EXPECT_EQ(decoder.table().size(), 215u);
}

TEST(HpackDecoder, decodes_responses_of_appendix_c5_and_c6_with_eviction) {
  decode_responses(
      "4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120"
      "474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
      "4803 3330 37c1 c0bf",
      "88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 7738"
      "666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33"
      "3630 303b 2076 6572 7369 6f6e 3d31");
  decode_responses(
      "4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718"
      "63c7 8f0b 97c8 e9ae 82ae 43d3",
      "4883 640e ffc1 c0bf",
      "88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7"
      "b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07");
}

TEST(HpackDecoder, refuses_what_is_not_hpack) {
  for (const char* bad : {
           "80",                // index 0
           "be",                // index beyond the tables
           "ff80808080808001",  // an integer without end
           "ffffffffffff0f",    // an integer too large
           "40",                // no name
           "4005 6162",         // a string longer than the block
           "7f",                // an index that is cut off
           "00 81 ff 00",       // Huffman padding of 8 bits
           "3fe21f",            // table size above 4096
           "82 20",             // size update behind a field
           "20 20 20 82",       // three size updates
           "5f80808080808080",
       }) {
    HpackDecoder decoder(4096);
    EXPECT_EQ(Decoded(decoder, hex(bad)).status, HpackStatus::kError) << bad;
  }
}

TEST(HpackDecoder, takes_two_size_updates_at_the_start) {
  HpackDecoder decoder(4096);
  Decoded decoded(decoder, hex("20 3fe11f 82"));
  EXPECT_EQ(decoded.status, HpackStatus::kOk);
  EXPECT_EQ(decoder.table().max_size(), 4096u);
}

TEST(HpackDecoder, wants_a_size_update_when_our_table_shrank) {
  HpackDecoder lax(0), strict(0), other(0);
  EXPECT_EQ(Decoded(lax, hex("82")).status, HpackStatus::kOk);  // not acknowledged yet
  strict.settings_acknowledged();
  EXPECT_EQ(Decoded(strict, hex("82")).status, HpackStatus::kError);
  other.settings_acknowledged();
  EXPECT_EQ(Decoded(other, hex("20 82")).status, HpackStatus::kOk);
  EXPECT_EQ(Decoded(other, hex("3f01 82")).status, HpackStatus::kError);
}

TEST(HpackDecoder, an_entry_larger_than_the_table_empties_it) {
  HpackDecoder decoder(4096);
  EXPECT_EQ(Decoded(decoder, "\x3f\x21" + literal("a", "b", 0x40)).status, HpackStatus::kOk);  // size 64
  EXPECT_EQ(decoder.table().count(), 1u);
  Decoded decoded(decoder, literal("long-name", std::string(40, 'v'), 0x40));
  EXPECT_EQ(decoded.text, "long-name: " + std::string(40, 'v') + "\n");
  EXPECT_EQ(decoder.table().count(), 0u);
}

TEST(HpackDecoder, a_name_may_come_from_the_entry_that_is_evicted) {
  HpackDecoder decoder(4096);
  std::string name(20, 'n');
  Decoded(decoder, "\x3f\x2b" + literal(name, "1", 0x40));  // size 74: one entry
  Decoded decoded(decoder,
                  "\x7e\x05"
                  "12345");  // its name, a new value
  EXPECT_EQ(decoded.text, name + ": 12345\n");
  EXPECT_EQ(decoder.table().at(0)->field().name, name);
  EXPECT_EQ(decoder.table().at(0)->field().value, "12345");
}

TEST(HpackDecoder, values_outlive_their_entries_and_the_decoder) {
  auto decoder = std::make_unique<HpackDecoder>(4096);
  std::string value(100, 'v');
  Decoded(*decoder, literal("x-long", value, 0x40));
  Decoded referred(*decoder, "\xbe");
  Decoded(*decoder, "\x20");  // evicts all
  EXPECT_EQ(decoder->table().count(), 0u);
  decoder.reset();
  EXPECT_EQ(referred.fields.all()[0].value, value);
  EXPECT_EQ(referred.fields.all()[0].name, "x-long");
}

TEST(HpackDecoder, long_values_are_shared_and_not_copied) {
  HpackDecoder decoder(4096);
  Decoded(decoder, literal("x-long", std::string(120, 'v'), 0x40) + literal("y", std::string(126, 'v'), 0x40));
  Decoded many(decoder, std::string(90, '\xbe'));
  EXPECT_EQ(many.fields.size(), 90u);
  EXPECT_LE(many.arena.capacity(), 16u * 1024);
}

TEST(HpackDecoder, remembers_that_an_entry_is_malformed) {
  HpackDecoder decoder(4096);
  EXPECT_EQ(Decoded(decoder, literal("a", "x\ny", 0x40)).section.malformed(), "http2.invalid_header_value");
  EXPECT_EQ(Decoded(decoder, "\xbe").section.malformed(), "http2.invalid_header_value");
  EXPECT_EQ(Decoded(decoder, literal("A", "x", 0x40)).section.malformed(), "http2.invalid_header_name");
  EXPECT_EQ(Decoded(decoder, "\x7e\x01y").section.malformed(), "http2.invalid_header_name");
}

TEST(HpackDecoder, checks_names_and_values) {
  using namespace std::string_literals;
  struct Case {
    std::string name, value, reason;
  };
  for (const Case& c : std::vector<Case>{
           {"", "x", "http2.invalid_header_name"},
           {"a b", "x", "http2.invalid_header_name"},
           {"a:b", "x", "http2.invalid_header_name"},
           {"Accept", "x", "http2.invalid_header_name"},
           {"a\r", "x", "http2.invalid_header_name"},
           {"a\0"s, "x", "http2.invalid_header_name"},
           {"\xc3\xa4", "x", "http2.invalid_header_name"},
           {"a", "x\r\ny: z", "http2.invalid_header_value"},
           {"a", "x\0y"s, "http2.invalid_header_value"},
           {"a", "\x7f", "http2.invalid_header_value"},
           {"a", "\x01", "http2.invalid_header_value"},
           {"a", " x", "http2.invalid_header_value"},
           {"a", "x\t", "http2.invalid_header_value"},
           {"a", " ", "http2.invalid_header_value"},
           {":unknown", "x", "http2.unknown_pseudo_header"},
           {"connection", "close", "http2.connection_specific_header"},
           {"keep-alive", "x", "http2.connection_specific_header"},
           {"proxy-connection", "x", "http2.connection_specific_header"},
           {"transfer-encoding", "chunked", "http2.connection_specific_header"},
           {"upgrade", "h2c", "http2.connection_specific_header"},
           {"te", "gzip", "http2.invalid_te"},
           {"te", "trailers, gzip", "http2.invalid_te"},
           {"content-length", "+1", "http2.invalid_content_length"},
           {"content-length", "1,1", "http2.invalid_content_length"},
           {"content-length", "", "http2.invalid_content_length"},
           {"content-length", "99999999999999999999", "http2.invalid_content_length"},
           {"te", "trailers", ""},
           {"a", "", ""},
           {"a", "x\ty \xff", ""},
       }) {
    HpackDecoder decoder(4096);
    EXPECT_EQ(Decoded(decoder, literal(c.name, c.value)).section.malformed(), c.reason) << c.name << "=" << c.value;
  }
}

TEST(HpackDecoder, refuses_repeated_and_late_fields) {
  HpackDecoder decoder(4096);
  EXPECT_EQ(Decoded(decoder, hex("82 82")).section.malformed(), "http2.duplicate_pseudo_header");
  EXPECT_EQ(Decoded(decoder, literal("a", "b") + hex("82")).section.malformed(), "http2.pseudo_header_after_header");
  EXPECT_EQ(Decoded(decoder, literal("host", "a") + literal("host", "a")).section.malformed(), "http2.duplicate_host");
  EXPECT_EQ(Decoded(decoder, literal("content-length", "1") + literal("content-length", "1")).section.malformed(),
            "http2.duplicate_content_length");
}

TEST(HpackDecoder, joins_cookie_crumbs_in_place_and_once) {
  HpackDecoder decoder(4096);
  Decoded decoded(decoder, literal("a", "1") + literal("cookie", "x=1") + literal("b", "2") + literal("cookie", "y=2") +
                               literal("cookie", "z"));
  EXPECT_EQ(decoded.text, "a: 1\ncookie: x=1; y=2; z\nb: 2\n");
}

TEST(HpackDecoder, empty_crumbs_leave_nothing) {
  HpackDecoder decoder(4096);
  Decoded decoded(decoder, literal("cookie", "") + literal("cookie", "x=1") + literal("cookie", ""));
  EXPECT_EQ(decoded.text, "cookie: x=1\n");
}

TEST(HpackDecoder, every_crumb_counts) {
  HpackDecoder decoder(4096);
  std::string crumbs;
  for (int i = 0; i < 101; ++i) crumbs += literal("cookie", "");
  Decoded decoded(decoder, crumbs);
  EXPECT_EQ(decoded.status, HpackStatus::kOk);
  EXPECT_TRUE(decoded.section.too_large());
  EXPECT_EQ(decoded.section.bytes(), 101u * (32 + 6));
}

TEST(HpackDecoder, above_the_limit_nothing_is_stored_but_the_state_follows) {
  HpackDecoder decoder(4096);
  Decoded decoded(decoder, literal("big", std::string(100, 'x')) + literal("new", "entry", 0x40), {90, 100, 10'000});
  EXPECT_EQ(decoded.status, HpackStatus::kOk);
  EXPECT_TRUE(decoded.section.too_large());
  EXPECT_TRUE(decoded.fields.empty());
  EXPECT_EQ(Decoded(decoder, "\xbe").text, "new: entry\n");
}

TEST(HpackDecoder, a_bomb_of_references_stops_at_the_hard_limit) {
  HpackDecoder decoder(4096);
  Decoded(decoder, literal("x", std::string(100, 'v'), 0x40));
  Decoded bomb(decoder, std::string(16'000, '\xbe'), {1000, 100, 4000});
  EXPECT_EQ(bomb.status, HpackStatus::kTooMuch);
  EXPECT_LE(bomb.section.bytes(), 4000u + 133);
  EXPECT_LE(bomb.arena.capacity(), 16u * 1024);
}

}  // namespace
}  // namespace proa::http::h2
