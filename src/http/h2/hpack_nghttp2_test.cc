// Differential tests: nghttp2's HPACK is the oracle for ours, both ways. Built where the library is found.
#include <gtest/gtest.h>

#ifdef PROA_HAVE_NGHTTP2
#include <nghttp2/nghttp2.h>

#include <random>
#include <string>
#include <vector>

#include "http/h2/hpack_decoder.h"
#include "http/h2/hpack_encoder.h"

namespace proa::http::h2 {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

struct Inflater {
  Inflater() { nghttp2_hd_inflate_new(&inflater); }
  ~Inflater() { nghttp2_hd_inflate_del(inflater); }
  /// False on an error.
  bool inflate(std::string_view block, Fields& fields) {
    auto* at = reinterpret_cast<const uint8_t*>(block.data());
    size_t left = block.size();
    for (;;) {
      nghttp2_nv nv;
      int flags = 0;
      auto used = nghttp2_hd_inflate_hd2(inflater, &nv, &flags, at, left, 1);
      if (used < 0) return false;
      at += used;
      left -= static_cast<size_t>(used);
      if (flags & NGHTTP2_HD_INFLATE_EMIT) {
        fields.emplace_back(std::string(reinterpret_cast<char*>(nv.name), nv.namelen),
                            std::string(reinterpret_cast<char*>(nv.value), nv.valuelen));
      }
      if (flags & NGHTTP2_HD_INFLATE_FINAL) {
        nghttp2_hd_inflate_end_headers(inflater);
        return true;
      }
      if (!(flags & NGHTTP2_HD_INFLATE_EMIT) && left == 0) return false;
    }
  }
  nghttp2_hd_inflater* inflater = nullptr;
};

std::string ours_to_text(HpackDecoder& decoder, std::string_view block, bool& ok) {
  Arena arena;
  HeaderList list(arena);
  FieldLimits limits{1 << 20, 10'000, 1 << 22};
  FieldSection section(&list, limits, UnderscoreAction::kAllow);
  ok = decoder.decode(block, section) == HpackStatus::kOk;
  std::string text;
  for (const Header& header : list.all()) text += std::string(header.name) + "=" + std::string(header.value) + "\n";
  return text;
}

std::string to_text(const Fields& fields) {
  std::string text;
  for (auto& [name, value] : fields) text += name + "=" + value + "\n";
  return text;
}

Fields random_fields(std::mt19937& random) {
  static const char* const kNames[] = {
      "x-a",    "user-agent", "content-type", "grpc-timeout", "x-long-name-of-a-header",
      "accept", "etag",       "x-request-id", "authorization"};
  Fields fields;
  for (unsigned i = random() % 12 + 1; i; --i) {
    std::string value;
    for (unsigned n = random() % (random() % 8 ? 20 : 300); n; --n) value += static_cast<char>('!' + random() % 90);
    if (random() % 2) value = std::to_string(random() % 5);
    fields.emplace_back(kNames[random() % std::size(kNames)], value);
  }
  return fields;
}

TEST(HpackAgainstNghttp2, decodes_what_its_deflater_writes) {
  std::mt19937 random(7);
  nghttp2_hd_deflater* deflater;
  nghttp2_hd_deflate_new(&deflater, 4096);
  HpackDecoder decoder(4096);
  for (int round = 0; round < 3000; ++round) {
    if (round % 100 == 99) nghttp2_hd_deflate_change_table_size(deflater, random() % 4097);
    Fields fields = random_fields(random);
    std::vector<nghttp2_nv> nvs;
    for (auto& [name, value] : fields) {
      nvs.push_back({reinterpret_cast<uint8_t*>(name.data()), reinterpret_cast<uint8_t*>(value.data()), name.size(),
                     value.size(), static_cast<uint8_t>(random() % 20 ? 0 : NGHTTP2_NV_FLAG_NO_INDEX)});
    }
    std::string block(nghttp2_hd_deflate_bound(deflater, nvs.data(), nvs.size()), '\0');
    auto size =
        nghttp2_hd_deflate_hd(deflater, reinterpret_cast<uint8_t*>(block.data()), block.size(), nvs.data(), nvs.size());
    ASSERT_GE(size, 0);
    bool ok = false;
    ASSERT_EQ(ours_to_text(decoder, std::string_view(block).substr(0, static_cast<size_t>(size)), ok), to_text(fields));
    ASSERT_TRUE(ok);
  }
  nghttp2_hd_deflate_del(deflater);
}

TEST(HpackAgainstNghttp2, its_inflater_reads_what_we_write) {
  std::mt19937 random(8);
  for (uint32_t table : {0u, 300u, 4096u}) {
    HpackEncoder encoder(table, table != 300);
    Inflater inflater;
    for (int round = 0; round < 2000; ++round) {
      if (round % 50 == 49) {
        uint32_t size = random() % 5000;
        nghttp2_hd_inflate_change_table_size(inflater.inflater, size);
        encoder.set_peer_table_size(size);
      }
      Fields fields = random_fields(random);
      Arena arena;
      HeaderList list(arena);
      for (auto& [name, value] : fields) list.add(name, value);
      std::string block(HpackEncoder::bound(list) + HpackEncoder::kBeginBound, '\0');
      block.resize(static_cast<size_t>(encoder.fields(encoder.begin(block.data()), list) - block.data()));
      Fields read;
      ASSERT_TRUE(inflater.inflate(block, read));
      ASSERT_EQ(to_text(read), to_text(fields));
    }
  }
}

TEST(HpackAgainstNghttp2, both_refuse_and_take_the_same_garbage) {
  std::mt19937 random(9);
  int taken = 0;
  for (int round = 0; round < 100'000; ++round) {
    std::string block;
    for (unsigned n = random() % 12 + 1; n; --n) {
      // Mostly small bytes, so that lengths fit.
      block += static_cast<char>(random() % 3 ? random() % 8 : random());
    }
    Inflater inflater;
    Fields theirs;
    bool they = inflater.inflate(block, theirs);
    HpackDecoder decoder(4096);
    bool we = false;
    ours_to_text(decoder, block, we);
    // nghttp2 takes any number of size updates; RFC 7541 section 4.2 has a use for two.
    ASSERT_TRUE(we == they || !we) << testing::PrintToString(block);
    if (they && !we) {
      ASSERT_EQ(block[0] & 0xe0, 0x20) << testing::PrintToString(block);
    }
    taken += we;
  }
  EXPECT_GT(taken, 1000);
}

}  // namespace
}  // namespace proa::http::h2
#endif
