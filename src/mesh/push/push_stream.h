// A discovery stream of a proxy: a session on a gRPC call.
#pragma once

#include <memory>
#include <string>

#include "base/list.h"
#include "grpc/server_call.h"
#include "mesh/push/session.h"

namespace proa::mesh {

class PushServer;

/// Owned by its call. On the server's thread. Sends while the client takes: what does not fit waits in the session,
/// where newer state replaces older.
class PushStream final : public grpc::CallHandler, public ListLink<>, private net::EndOfTurn {
 public:
  /// `server` outlives the stream, or leaves it (forget_server).
  PushStream(grpc::ServerCall& call, PushServer& server, std::unique_ptr<Session> session);
  ~PushStream() override;

  /// The world has changed.
  void update();
  /// Sends no more; the stream ends with UNAVAILABLE.
  void forget_server();

  const Session& session() const { return *session_; }
  const net::ConnectionInfo& peer() const { return call_.peer(); }
  WallTime connected_at() const { return connected_at_; }

 private:
  // grpc::CallHandler
  void on_message(std::string_view message) override;
  void on_half_close() override;
  void on_writable() override { call_.loop().end_of_turn(*this); }
  void on_cancelled(const grpc::CallStatus& why) override;
  // net::EndOfTurn
  void run() override;

  bool introduce();
  void on_deadline();
  void end(const grpc::CallStatus& status);
  void left(const grpc::CallStatus& status);

  grpc::ServerCall& call_;
  PushServer* server_;
  std::unique_ptr<Session> session_;
  net::Timer deadline_;
  const WallTime connected_at_;
  bool introduced_ = false;
  bool over_ = false;
};

}  // namespace proa::mesh
