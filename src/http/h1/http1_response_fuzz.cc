// Responses: the first byte chooses the request; the events do not depend on how the bytes were split.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "http/h1/recording_peer.h"

using namespace proa;
using namespace proa::http;
using namespace proa::http::h1;

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

Http1Options options_for_test() {
  Http1Options options;
  options.enable_trailers = true;
  options.max_head_bytes = 2048;
  return options;
}

void ask(RecordingClient& client, uint8_t choice) {
  constexpr std::string_view kMethods[] = {"GET", "HEAD", "CONNECT", "GET"};
  RequestHead& head = client.request(kMethods[choice % 4], "/");
  if (choice % 4 == 3) head.protocol = "websocket";
  client.open().send_request(head, choice % 4 < 2);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  RecordingClient whole(options_for_test());
  ask(whole, data[0]);
  whole.receive(input);
  RecordingClient split(options_for_test());
  ask(split, data[0]);
  size_t piece = size % 7 + 1;
  for (size_t at = 0; at < input.size(); at += piece) split.receive(input.substr(at, piece));
  require(whole.codec.finished() == split.codec.finished());
  if (!whole.codec.finished()) require(whole.log == split.log);
  for (RecordingClient* client : {&whole, &split}) {
    if (!client->codec.finished()) client->codec.receive_end(false, client->now);
    client->turn();
    Recorder& receiver = *client->receivers[0];
    require(receiver.ended || receiver.was_reset);
    require(!client->codec.reusable());
  }
  return 0;
}
