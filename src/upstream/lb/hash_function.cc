#include <xxhash.h>

#include <cstring>

#include "observe/metadata.h"
#include "upstream/lb/hash_table.h"

namespace proa::upstream {

uint64_t xx_hash(std::string_view bytes, uint64_t seed) { return XXH64(bytes.data(), bytes.size(), seed); }

uint64_t murmur_hash(std::string_view bytes) {
  constexpr uint64_t kMultiplier = (0xc6a4a793ULL << 32) + 0x5bd1e995ULL;
  constexpr uint64_t kSeed = 0xc70f6907ULL;
  auto mix = [](uint64_t v) { return v ^ (v >> 47); };
  uint64_t hash = kSeed ^ (bytes.size() * kMultiplier);
  const char* at = bytes.data();
  for (size_t left = bytes.size() / 8; left > 0; --left, at += 8) {
    uint64_t word;
    std::memcpy(&word, at, 8);
    hash = (hash ^ (mix(word * kMultiplier) * kMultiplier)) * kMultiplier;
  }
  if (size_t rest = bytes.size() & 7) {
    uint64_t word = 0;
    std::memcpy(&word, at, rest);
    hash = (hash ^ word) * kMultiplier;
  }
  return mix(mix(hash) * kMultiplier);
}

std::string_view hash_key(const Host& host, bool by_hostname) {
  // An endpoint may name its own place in the table, so that it keeps it under another address.
  if (host.metadata()) {
    if (const nlohmann::json* named = host.metadata()->find("envoy.lb", {}); named && named->is_object()) {
      auto key = named->find("hash_key");
      if (key != named->end() && key->is_string()) return key->get_ref<const std::string&>();
    }
  }
  return by_hostname && !host.hostname().empty() ? std::string_view(host.hostname())
                                                 : std::string_view(host.address_text());
}

}  // namespace proa::upstream
