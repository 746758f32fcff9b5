// The client side of an HTTP/2 connection.
#pragma once

#include <cstdint>
#include <string_view>

#include "http/h2/codec_shell.h"

namespace proa::http::h2 {

class ClientConnection;

class ClientSideStream final : public StreamFace<http::ClientStream, ClientConnection> {
 public:
  using StreamFace::StreamFace;
  void send_request(const RequestHead& head, bool end) override;
};

/// `owner` and `options` outlive the connection. The preface and SETTINGS are in output() from the start;
/// wake() is not called for them.
class ClientConnection final : public CodecShell<ClientCodec> {
 public:
  ClientConnection(CodecOwner& owner, const Http2Options& options, MonoTime now);
  ~ClientConnection() override;
  http::ClientStream& open(ResponseReceiver& receiver, Arena& arena) override;
  uint32_t can_open() const override;
  bool reusable() const override { return !dead_ && !draining_ && next_id_ <= kMaxStreamId; }
  void shut_down(MonoTime now) override;
  /// The server takes extended CONNECT (RFC 8441): requests with a `protocol`.
  bool allows_extended_connect() const { return peer_allows_connect_; }
  /// The server's SETTINGS have arrived.
  bool settled() const override { return peer_settings_seen_; }

 private:
  friend class ClientSideStream;
  void on_header_block(uint32_t id, bool end, std::string_view block, std::string_view fault) override;
  bool is_idle(uint32_t id) const override { return (id & 1) == 0 || id >= next_id_; }
  void on_goaway(uint32_t last_stream, ErrorCode error) override;
  void on_peer_settings() override;
  void release(StreamState& s) override;
  uint32_t last_peer_stream() const override { return 0; }
  ErrorCode reset_code(const StreamState& s, ResetReason reason) const override;
  void on_stream_closed() override;

  void on_response_block(ClientSideStream& s, bool end, std::string_view block, std::string_view fault);
  void on_informational(ClientSideStream& s, ResponseHead& head, bool end);
  void send_request(ClientSideStream& s, const RequestHead& head, bool end);
  void hold(ClientSideStream& s, const RequestHead& head, bool end);
  void finish_drain();

  static constexpr uint16_t kMaxInformational = 32;

  uint32_t next_id_ = 1;
  uint32_t last_processed_ = kMaxStreamId;  // of the server's GOAWAY
  ClientSideStream* held_ = nullptr;        // an upgrade that waits for the server's SETTINGS
  const RequestHead* held_head_ = nullptr;  // and its owner's head
  bool draining_ = false;
};

}  // namespace proa::http::h2
