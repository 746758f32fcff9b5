// Requests: the events do not depend on how the bytes were split, and a head that is accepted, written and parsed
// again is the same head.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "http/h1/head_writer.h"
#include "http/h1/recording_peer.h"

using namespace proa;
using namespace proa::http;
using namespace proa::http::h1;

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

Http1Options loose() {
  Http1Options options;
  options.underscores = UnderscoreAction::kAllow;
  options.enable_trailers = true;
  options.upgrades = {"websocket"};
  options.max_head_bytes = 2048;
  return options;
}

void check_round_trip(std::string_view input) {
  HeadScanner scanner;
  if (scanner.scan(input) != HeadScanner::Result::kComplete) return;
  Arena arena;
  RequestHead head(arena);
  Framing framing;
  if (parse_request_head(input.substr(0, scanner.size()), loose(), arena, head, framing)) return;
  WrittenFraming written;
  written.chunked = framing.body == BodyKind::kChunked;
  Buffer out;
  require(write_request_head(out, head, written));
  std::string text = out.to_string();
  HeadScanner again;
  require(again.scan(text) == HeadScanner::Result::kComplete && again.size() == text.size());
  RequestHead copy(arena);
  Framing copied;
  require(!parse_request_head(text, loose(), arena, copy, copied));
  require(copied.body == framing.body && copied.length == framing.length);
  require(copy.method == head.method && copy.path == head.path && copy.authority == head.authority);
  require(to_text(copy.headers) == to_text(head.headers));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  check_round_trip(input);
  RecordingServer whole(loose());
  whole.answer = true;
  whole.receive(input);
  RecordingServer split(loose());
  split.answer = true;
  size_t piece = size % 7 + 1;
  for (size_t at = 0; at < size; at += piece) split.receive(input.substr(at, piece));
  // What follows a CONNECT is early data, or tunnelled, by whether it came before the answer.
  for (const std::string& line : split.log) {
    if (line.starts_with("request CONNECT")) return 0;
  }
  require(whole.codec.finished() == split.codec.finished());
  // Body bytes in front of a malformed chunk may or may not have been handed on.
  if (!whole.codec.finished())
    require(whole.log == split.log);
  else
    require(whole.codec.error() == split.codec.error());
  return 0;
}
