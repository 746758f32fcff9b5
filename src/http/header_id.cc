#include "http/header_id.h"

#include <array>

#include "base/short_copy.h"

namespace proa::http {
namespace {

constexpr size_t kNames = static_cast<size_t>(HeaderId::kCount);
constexpr std::array<std::string_view, kNames> kHeaderNames = {std::string_view(),
#define PROA_X(id, name) std::string_view(name),
                                                               PROA_KNOWN_HEADERS(PROA_X)
#undef PROA_X
};

constexpr bool sorted() {
  for (size_t i = 2; i < kNames; ++i) {
    if (!(kHeaderNames[i - 1] < kHeaderNames[i])) return false;
  }
  return true;
}
static_assert(sorted(), "PROA_KNOWN_HEADERS must be sorted by name, without duplicates");
static_assert(kNames <= 256);

// A perfect hash over five characters and the length; the multiplier is searched for at compile time.
constexpr size_t kTableBits = 11;

constexpr uint64_t key_of(const char* name, size_t size) {
  auto at = [&](size_t i) { return static_cast<uint64_t>(static_cast<unsigned char>(name[i])); };
  return size | at(size - 1) << 8 | at(size / 2) << 16 | at(size / 4) << 24 | at(size - 1 - size / 5) << 32 |
         at(size - 1 - size / 8) << 40;
}
constexpr size_t slot_of(uint64_t key, uint64_t multiplier) {
  return static_cast<size_t>((key * multiplier) >> (64 - kTableBits));
}

struct Table {
  uint64_t multiplier = 0;
  std::array<uint8_t, size_t{1} << kTableBits> ids{};
};

consteval Table make_table() {
  uint64_t multiplier = 0x9E3779B97F4A7C15u;
  for (int attempt = 0; attempt < 4000; ++attempt) {
    Table table;
    table.multiplier = multiplier;
    bool perfect = true;
    for (size_t id = 1; id < kNames && perfect; ++id) {
      uint8_t& slot = table.ids[slot_of(key_of(kHeaderNames[id].data(), kHeaderNames[id].size()), multiplier)];
      perfect = slot == 0;
      slot = static_cast<uint8_t>(id);
    }
    if (perfect) return table;
    multiplier = (multiplier * 6364136223846793005u + 1442695040888963407u) | 1;
  }
  throw "no multiplier makes the hash perfect: take more characters into key_of, or more kTableBits";
}
constexpr Table kTable = make_table();

}  // namespace

HeaderId header_id(std::string_view name) {
  if (name.empty()) return HeaderId::kOther;
  uint8_t id = kTable.ids[slot_of(key_of(name.data(), name.size()), kTable.multiplier)];
  std::string_view known = kHeaderNames[id];
  if (known.size() != name.size() || !equal_short(known.data(), name.data(), name.size())) {
    return HeaderId::kOther;
  }
  return static_cast<HeaderId>(id);
}

std::string_view header_name(HeaderId id) { return kHeaderNames[static_cast<size_t>(id)]; }

}  // namespace proa::http
