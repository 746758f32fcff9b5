// Frames in any bytes, cut anywhere, give the same messages as when they come in one piece.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "grpc/frame.h"

using proa::grpc::FrameReader;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  // The first byte chooses how the rest is cut.
  const size_t step = data[0] % 17 + 1;
  std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  std::vector<std::string> whole, cut;
  FrameReader one(1 << 16), many(1 << 16);
  one.push(bytes, [&](std::string_view message, bool) { whole.emplace_back(message); });
  for (size_t at = 0; at < bytes.size(); at += step) {
    many.push(bytes.substr(at, step), [&](std::string_view message, bool) { cut.emplace_back(message); });
  }
  if (whole != cut || one.state() != many.state()) abort();
  if (one.state() == FrameReader::State::kGood) {
    if (one.at_boundary() != many.at_boundary()) abort();
    std::string again;
    for (const std::string& message : whole) proa::grpc::append_frame(message, false, again);
    if (one.at_boundary() && again.size() != bytes.size()) abort();
  }
  return 0;
}
