// Header blocks on one connection, each with a byte of length in front. What was taken is encoded again and must
// decode to the same; memory must stay within the limits.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "http/h2/frame_witness.h"
#include "http/h2/hpack_decoder.h"
#include "http/h2/hpack_encoder.h"

using namespace proa;
using namespace proa::http;
using namespace proa::http::h2;
using namespace proa::http::h2::test;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  FuzzInput input(data, size);
  uint8_t mode = input.byte();
  HpackDecoder decoder(mode & 1 ? 4096 : 128);
  HpackDecoder second(kDefaultTableSize);
  HpackEncoder encoder(mode & 2 ? 4096 : 0, mode & 4);
  if (mode & 8) decoder.settings_acknowledged();
  const FieldLimits limits{2048, 20, 8192};
  while (!input.empty()) {
    std::string_view block = input.text(input.byte());
    Arena arena;
    HeaderList fields(arena);
    FieldSection section(&fields, limits, mode & 16 ? UnderscoreAction::kDropHeader : UnderscoreAction::kAllow);
    HpackStatus status = decoder.decode(block, section);
    require(decoder.table().size() <= 4096);
    require(fields.size() <= limits.max_fields);
    require(arena.capacity() <= 32 * 1024);
    if (status != HpackStatus::kOk) return 0;
    if (!section.malformed().empty() || section.too_large()) continue;

    std::string encoded(HpackEncoder::bound(fields) + HpackEncoder::kBeginBound, '\0');
    encoded.resize(static_cast<size_t>(encoder.fields(encoder.begin(encoded.data()), fields) - encoded.data()));
    HeaderList again(arena);
    FieldSection check(&again, limits, UnderscoreAction::kAllow);
    require(second.decode(encoded, check) == HpackStatus::kOk && check.malformed().empty());
    require(again.size() == fields.size());
    for (size_t i = 0; i < again.size(); ++i) {
      require(again.all()[i].name == fields.all()[i].name && again.all()[i].value == fields.all()[i].value);
      require(again.all()[i].id == fields.all()[i].id);
    }
  }
  return 0;
}
