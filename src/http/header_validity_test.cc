#include "http/header_validity.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace proa::http {
namespace {

TEST(HeaderValidity, finds_every_control_at_every_place) {
  for (size_t size = 0; size < 70; ++size) {
    std::string text(size, 'a');
    EXPECT_EQ(find_control(text), size);
    for (size_t at = 0; at < size; ++at) {
      for (int c = 0; c < 256; ++c) {
        text[at] = static_cast<char>(c);
        bool control = (c < 0x20 && c != '\t') || c == 0x7f;
        ASSERT_EQ(find_control(text), control ? at : size) << "byte " << c << " at " << at << " of " << size;
      }
      text[at] = 'a';
    }
  }
}

TEST(HeaderValidity, allows_obs_text_in_values_and_not_in_names) {
  EXPECT_TRUE(is_field_value("caf\xc3\xa9 \t"));
  EXPECT_FALSE(is_field_value("a\nb"));
  EXPECT_FALSE(is_token("caf\xc3\xa9"));
  EXPECT_FALSE(is_token(""));
  EXPECT_TRUE(is_token("!#$%&'*+-.^_`|~09azAZ"));
  EXPECT_FALSE(is_lower_case_token("Accept"));
  EXPECT_TRUE(is_lower_case_token("accept"));
  for (char c : std::string_view("\0 \"(),/:;<=>?@[\\]{}\x7f", 20)) EXPECT_FALSE(is_token_char(c)) << c;
}

TEST(HeaderValidity, walks_lists_and_skips_empty_elements) {
  std::vector<std::string> seen;
  EXPECT_TRUE(for_each_list_element(" a ,, b\t,c", [&](std::string_view element) {
    seen.emplace_back(element);
    return true;
  }));
  EXPECT_EQ(seen, (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_FALSE(for_each_list_element("a,b", [](std::string_view element) { return element != "a"; }));
}

}  // namespace
}  // namespace proa::http
