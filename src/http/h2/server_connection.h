// The server side of an HTTP/2 connection.
#pragma once

#include <cstdint>
#include <string_view>

#include "http/h2/codec_shell.h"

namespace proa::http::h2 {

class ServerConnection;

class ServerSideStream final : public StreamFace<http::ServerStream, ServerConnection> {
 public:
  using StreamFace::StreamFace;
  void send_informational(uint16_t status, const HeaderList& headers) override;
  void send_response(const ResponseHead& head, bool end) override;
  void close_after_response() override;
  uint32_t id() const override { return StreamState::id; }
};

/// `owner`, `handler` and `options` outlive the connection. SETTINGS are in output() from the start; wake() is
/// not called for them.
class ServerConnection final : public CodecShell<ServerCodec> {
 public:
  /// `any_authority`: requests say something else than a host, as over Unix sockets, which have none.
  ServerConnection(CodecOwner& owner, ServerHandler& handler, const Http2Options& options, MonoTime now,
                   bool any_authority = false);
  ~ServerConnection() override;
  void shut_down(MonoTime now) override;

  /// How long clients have to notice the first GOAWAY before the second one refuses new streams.
  static constexpr Milliseconds kDrainTimeout{1'000};

 private:
  friend class ServerSideStream;
  void on_header_block(uint32_t id, bool end, std::string_view block, std::string_view fault) override;
  bool is_idle(uint32_t id) const override;
  void on_goaway(uint32_t last_stream, ErrorCode error) override;
  void on_ping_ack(uint64_t opaque) override;
  void release(StreamState& s) override;
  uint32_t last_peer_stream() const override { return last_stream_; }
  ErrorCode reset_code(const StreamState& s, ResetReason reason) const override;
  void on_stream_closed() override;
  MonoTime role_deadline() const override { return drain_deadline_; }
  void role_on_time(MonoTime now) override;

  void on_closed_stream_block(uint32_t id, std::string_view block);
  void on_new_stream(uint32_t id, bool end, std::string_view block, std::string_view fault);
  void refuse(uint32_t id);
  void reject(uint32_t id, bool end, std::string_view reason);
  void answer_and_close(uint32_t id, bool end, uint16_t status, std::string_view reason);
  void send_response(ServerSideStream& s, const ResponseHead& head, bool end);
  void send_informational(ServerSideStream& s, uint16_t status, const HeaderList& headers);
  void send_last_goaway();

  enum class Drain : uint8_t { kNone, kAnnounced, kFinal };
  static constexpr uint64_t kDrainPing = 0x6e696172642d6170;

  ServerHandler& handler_;
  const bool any_authority_;
  uint32_t last_stream_ = 0;               // the highest that the client has opened
  uint32_t last_accepted_ = kMaxStreamId;  // of the final GOAWAY
  Drain drain_ = Drain::kNone;
  MonoTime drain_deadline_ = MonoTime::max();
};

}  // namespace proa::http::h2
