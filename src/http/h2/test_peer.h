// For tests: frames by hand, what a codec wrote as frames, and owners, handlers and receivers that remember.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "http/h2/client_connection.h"
#include "http/h2/server_connection.h"

namespace proa::http::h2::test {

using Fields = std::vector<std::pair<std::string, std::string>>;

// --- Frames by hand ---

inline std::string frame(FrameType type, uint8_t flags, uint32_t stream, std::string_view payload = {}) {
  std::string bytes(kFrameHeaderSize, '\0');
  write_frame_header(bytes.data(), payload.size(), type, flags, stream);
  return bytes.append(payload);
}
inline std::string u32(uint32_t value) {
  std::string bytes(4, '\0');
  write_u32(bytes.data(), value);
  return bytes;
}
/// A header block of literals without indexing.
inline std::string block(const Fields& fields) {
  Arena arena;
  HeaderList list(arena);
  for (auto& [name, value] : fields) list.add(Header{name, value});
  HpackEncoder encoder(0, false);
  std::string bytes(HpackEncoder::bound(list), '\0');
  bytes.resize(static_cast<size_t>(encoder.fields(bytes.data(), list) - bytes.data()));
  return bytes;
}
inline std::string headers(uint32_t stream, const Fields& fields, bool end = true) {
  return frame(FrameType::kHeaders, static_cast<uint8_t>(kFlagEndHeaders | (end ? kFlagEndStream : 0)), stream,
               block(fields));
}
inline std::string data(uint32_t stream, std::string_view bytes, bool end = false) {
  return frame(FrameType::kData, end ? kFlagEndStream : 0, stream, bytes);
}
inline std::string rst(uint32_t stream, ErrorCode code = ErrorCode::kCancel) {
  return frame(FrameType::kRstStream, 0, stream, u32(static_cast<uint32_t>(code)));
}
inline std::string window_update(uint32_t stream, uint32_t increment) {
  return frame(FrameType::kWindowUpdate, 0, stream, u32(increment));
}
inline std::string settings(const std::vector<std::pair<Setting, uint32_t>>& values = {}) {
  std::string payload;
  for (auto [setting, value] : values) {
    payload.append({'\0', static_cast<char>(setting)});
    payload += u32(value);
  }
  return frame(FrameType::kSettings, 0, 0, payload);
}
inline std::string settings_ack() { return frame(FrameType::kSettings, kFlagAck, 0); }
inline std::string ping(std::string_view opaque = "12345678", bool ack = false) {
  return frame(FrameType::kPing, ack ? kFlagAck : 0, 0, opaque);
}
inline std::string goaway(uint32_t last, ErrorCode code = ErrorCode::kNoError) {
  return frame(FrameType::kGoaway, 0, 0, u32(last) + u32(static_cast<uint32_t>(code)));
}
inline Fields get(std::string path = "/") {
  return {{":method", "GET"}, {":scheme", "http"}, {":path", std::move(path)}, {":authority", "a.test"}};
}
inline Fields post() { return {{":method", "POST"}, {":scheme", "http"}, {":path", "/"}, {":authority", "a.test"}}; }
inline Fields with(Fields fields, const Fields& more) {
  fields.insert(fields.end(), more.begin(), more.end());
  return fields;
}

// --- What a codec wrote ---

struct SentFrame : FrameHeader {
  std::string payload;
  ErrorCode code() const {  // RST_STREAM, GOAWAY
    return static_cast<ErrorCode>(read_u32(payload.data() + (type == FrameType::kGoaway ? 4 : 0)));
  }
  uint32_t number() const { return read_u32(payload.data()); }
};

/// Takes everything out of `output`, as an owner with an open socket does.
inline std::vector<SentFrame> take_frames(Codec& codec, MonoTime now) {
  std::string bytes = codec.output().to_string();
  codec.output().clear();
  codec.output_drained(now);
  std::string_view rest = bytes;
  if (rest.starts_with(kClientPreface)) rest.remove_prefix(kClientPreface.size());
  std::vector<SentFrame> frames;
  while (rest.size() >= kFrameHeaderSize) {
    FrameHeader header = read_frame_header(rest.data());
    frames.push_back({header, std::string(rest.substr(kFrameHeaderSize, header.size))});
    rest.remove_prefix(kFrameHeaderSize + header.size);
  }
  return frames;
}

inline Fields to_fields(const HeaderList& list) {
  Fields fields;
  for (const Header& header : list.all()) fields.emplace_back(header.name, header.value);
  return fields;
}

class Owner : public CodecOwner {
 public:
  void wake() override { ++wakes; }
  void count(CodecCounter counter) override { ++counts[static_cast<size_t>(counter)]; }
  int counted(CodecCounter counter) const { return counts[static_cast<size_t>(counter)]; }
  int wakes = 0;
  std::array<int, static_cast<size_t>(CodecCounter::kCount)> counts{};
};

/// What a receiver was told.
struct Told {
  std::string body;
  Fields trailers;
  bool ended = false;
  bool reset = false;
  ResetReason reason = ResetReason::kNone;
  std::string details;
  int data_calls = 0;
  int writable_calls = 0;
};

template <class Base>
class Recorder : public Base, public Told {
 public:
  void on_data(std::string_view data, bool end) override {
    body += data;
    ended |= end;
    ++data_calls;
  }
  void on_trailers(HeaderList& list) override {
    trailers = to_fields(list);
    ended = true;
  }
  void on_reset(ResetReason why, std::string_view text) override {
    reset = true;
    reason = why;
    details = text;
  }
  void on_writable() override { ++writable_calls; }
};

struct Request : Recorder<RequestReceiver> {
  ServerStream* stream = nullptr;
  RequestHead* head = nullptr;
  std::unique_ptr<Arena> arena;
  bool head_ended = false;

  void answer(uint16_t status, std::string_view text, const Fields& fields = {}) {
    ResponseHead response(*arena);
    response.status = status;
    for (auto& [name, value] : fields) response.headers.add(arena->copy(name), arena->copy(value));
    stream->send_response(response, text.empty());
    if (!text.empty()) stream->send_data(text, true);
  }
};

class Handler : public ServerHandler {
 public:
  RequestReceiver& on_request(ServerStream& stream, RequestHead& head, std::unique_ptr<Arena> arena,
                              bool end) override {
    auto request = std::make_unique<Request>();
    request->stream = &stream;
    request->head = &head;
    request->arena = std::move(arena);
    request->head_ended = request->ended = end;
    requests.push_back(std::move(request));
    if (answer_at_once) requests.back()->answer(200, "ok");
    return *requests.back();
  }
  void on_malformed(uint16_t status, std::string_view reason) override {
    malformed.emplace_back(status, std::string(reason));
  }
  std::vector<std::unique_ptr<Request>> requests;
  std::vector<std::pair<uint16_t, std::string>> malformed;
  bool answer_at_once = false;
};

struct Response : Recorder<ResponseReceiver> {
  void on_informational(ResponseHead& head) override { informational.push_back(head.status); }
  void on_response(ResponseHead& head, bool end) override {
    status = head.status;
    fields = to_fields(head.headers);
    ended |= end;
  }
  Arena arena;
  uint16_t status = 0;
  Fields fields;
  std::vector<uint16_t> informational;
};

/// A server that has its client's preface.
struct Server {
  explicit Server(Http2Options with = {}) : options(std::move(with)), codec(owner, handler, options, now) {
    take_frames(codec, now);
    send(std::string(kClientPreface) + settings() + settings_ack());
    take_frames(codec, now);
  }
  void send(std::string_view bytes) { codec.receive(bytes, now); }
  std::vector<SentFrame> sent() { return take_frames(codec, now); }
  Request& request(size_t i = 0) { return *handler.requests.at(i); }

  Http2Options options;
  Owner owner;
  Handler handler;
  MonoTime now{std::chrono::hours(1)};
  ServerConnection codec;
};

/// A client that has its server's SETTINGS.
struct Client {
  explicit Client(Http2Options with = {}, const std::vector<std::pair<Setting, uint32_t>>& server = {})
      : options(std::move(with)), codec(owner, options, now) {
    take_frames(codec, now);
    send(settings(server) + settings_ack());
    take_frames(codec, now);
  }
  void send(std::string_view bytes) { codec.receive(bytes, now); }
  std::vector<SentFrame> sent() { return take_frames(codec, now); }
  /// GET / without a body, or POST / with one to follow.
  http::ClientStream& start(Response& response, bool end = true, std::string_view method = {}) {
    auto& stream = codec.open(response, response.arena);
    RequestHead head(response.arena);
    head.method = !method.empty() ? method : end ? "GET" : "POST";
    head.method_id = method_of(head.method);
    head.scheme = "http";
    head.authority = "a.test";
    head.path = "/";
    stream.send_request(head, end);
    return stream;
  }

  Http2Options options;
  Owner owner;
  MonoTime now{std::chrono::hours(1)};
  ClientConnection codec;
};

}  // namespace proa::http::h2::test
