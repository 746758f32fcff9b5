#include "http/h2/huffman.h"

#include <gtest/gtest.h>

#include <string>

namespace proa::http::h2 {
namespace {

std::string encode(std::string_view text) {
  std::string out(huffman_encoded_size(text), '\0');
  EXPECT_EQ(huffman_encode(text, out.data()), out.data() + out.size());
  return out;
}

std::string decode(std::string_view encoded) {
  std::string out(huffman_decoded_bound(encoded.size()), '\0');
  size_t size = huffman_decode(encoded, out.data());
  if (size == kHuffmanError) return "<error>";
  out.resize(size);
  return out;
}

TEST(Huffman, encodes_what_the_rfc_shows) {
  EXPECT_EQ(encode("www.example.com"), "\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff");
  EXPECT_EQ(encode("no-cache"), "\xa8\xeb\x10\x64\x9c\xbf");
  EXPECT_EQ(encode("302"), "\x64\x02");
}

TEST(Huffman, decodes_every_symbol_at_every_bit_position) {
  for (int symbol = 0; symbol < 256; ++symbol) {
    for (int before = 0; before < 8; ++before) {
      std::string text = std::string(static_cast<size_t>(before), 'a') + static_cast<char>(symbol) + "z";
      EXPECT_EQ(decode(encode(text)), text);
    }
  }
}

TEST(Huffman, decodes_long_text) {
  std::string text;
  for (int i = 0; i < 5000; ++i) text += static_cast<char>(i * 31 % 256);
  EXPECT_EQ(decode(encode(text)), text);
}

TEST(Huffman, refuses_end_of_string_symbol) {
  EXPECT_EQ(decode("\xff\xff\xff\xff"), "<error>");
  EXPECT_EQ(decode("\xff\xff\xff\xfc"), "<error>");
  EXPECT_EQ(decode("\x1f\xff\xff\xff\xff\xff\xff\xff\xff\xff"), "<error>");
}

TEST(Huffman, refuses_padding_of_eight_bits_or_more) {
  EXPECT_EQ(decode("\x1f"), "a");
  EXPECT_EQ(decode("\x1f\xff"), "<error>");
  EXPECT_EQ(decode("\xff"), "<error>");
}

TEST(Huffman, refuses_padding_that_is_not_all_ones) {
  EXPECT_EQ(decode(std::string_view("\x18", 1)), "<error>");
  EXPECT_EQ(decode(std::string_view("\x1e", 1)), "<error>");
}

TEST(Huffman, decodes_nothing_from_nothing) { EXPECT_EQ(decode(""), ""); }

}  // namespace
}  // namespace proa::http::h2
