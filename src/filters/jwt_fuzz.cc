// Any text as a token, and any text as a set of keys: no crash, and nobody makes a token that a key of ours has signed.
//
// Input: a token; after a line feed, if there is one, a set of keys.
#include <cstdint>
#include <cstdlib>

#include "filters/jwt.h"

namespace {

using namespace proa::filters;

// A public key made for this target, and all that its owner ever signed.
constexpr std::string_view kKeys =
    R"({"keys":[{"kty":"OKP","kid":"ed","crv":"Ed25519","x":"lrynNePlbryhAjfIvpRj_pVCbUfIKoLh9McO0t_MFAs"}]})";
constexpr std::string_view kSigned =
    "eyJhbGciOiJFZERTQSIsImtpZCI6ImVkIn0.eyJpc3MiOiJpIiwiYXVkIjpbImEiXSwiZXhwIjo0MTAyNDQ0ODAwfQ."
    "QlrFhnjvmLwKXfEUsMcLHCmnBDO6YkJYOPC9yicJVCd3Uus4cQT-jEatLG9oOFwN63luDhRa84Zjn1x8wCq_DQ";

void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Jwks ours = *Jwks::parse(kKeys);
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t end = input.find('\n');
  const std::string_view token = input.substr(0, end);
  Jwt jwt;
  const JwtFault fault = jwt.read(token);
  if (fault == JwtFault::kNone) {
    require(jwt.payload.is_object() && token.starts_with(jwt.signed_part));
    require(jwt.check_signature(ours) != JwtFault::kNone || token == kSigned);
    (void)jwt.check_times({}, std::chrono::seconds(60));
  } else {
    require(!text_of(fault).empty() && token != kSigned);
  }
  if (end == input.npos) return 0;
  const auto theirs = Jwks::parse(input.substr(end + 1));
  if (!theirs) {
    require(!theirs.error().message.empty());
  } else if (fault == JwtFault::kNone) {
    (void)jwt.check_signature(*theirs);
  }
  return 0;
}
