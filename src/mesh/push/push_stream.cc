#include "mesh/push/push_stream.h"

#include <utility>

#include "base/log.h"
#include "mesh/push/push_server.h"
#include "net/tls/san.h"

namespace proa::mesh {

using grpc::Code;
using net::tls::printable;

PushStream::PushStream(grpc::ServerCall& call, PushServer& server, std::unique_ptr<Session> session)
    : call_(call),
      server_(&server),
      session_(std::move(session)),
      deadline_(net::Timer::of<&PushStream::on_deadline>(this)),
      connected_at_(call.loop().wall_now()) {}

// Of a connection that the server destroys: nothing was told before.
PushStream::~PushStream() {
  if (!over_ && server_) server_->stream_ended(*this);
}

void PushStream::on_message(std::string_view message) {
  if (over_) return;
  net::Loop& loop = call_.loop();
  if (Status taken = session_->receive(message, loop.now(), loop.wall_now()); !taken) {
    return end({Code::kInvalidArgument, taken.error().message});
  }
  if (!introduced_ && !introduce()) return;
  server_->asked(*session_);
  loop.end_of_turn(*this);
}

// The first request says who it is; whether that is true is the server's rule.
bool PushStream::introduce() {
  introduced_ = true;
  const Result<std::string> identity = server_->identify(call_.peer(), *session_->node());
  if (!identity) {
    log::get("push").warn("{} as {}: {}", call_.peer().remote.to_string(), printable(session_->node()->id),
                          printable(identity.error().message));
    end({Code::kPermissionDenied, identity.error().message});
    return false;
  }
  session_->set_identity(*identity);
  log::get("push").info("{} connected from {}", printable(session_->node()->id), call_.peer().remote.to_string());
  session_->update(server_->resources_of(*session_->node()));
  return true;
}

void PushStream::update() {
  if (over_ || !introduced_) return;
  session_->update(server_->resources_of(*session_->node()));
  call_.loop().end_of_turn(*this);
}

void PushStream::run() {
  if (over_ || !introduced_) return;
  net::Loop& loop = call_.loop();
  while (call_.writable()) {
    const std::optional<std::string> response = session_->next_response(loop.now(), loop.wall_now());
    if (!response) break;
    call_.send(*response);
  }
  const MonoTime next = session_->next_deadline();
  if (next == MonoTime::max()) return deadline_.stop();
  deadline_.start(loop, std::max(std::chrono::ceil<Milliseconds>(next - loop.now()), Milliseconds(1)));
}

void PushStream::on_deadline() { call_.loop().end_of_turn(*this); }

void PushStream::on_half_close() { end({}); }

void PushStream::on_cancelled(const grpc::CallStatus& why) { left(why); }

void PushStream::forget_server() {
  end({Code::kUnavailable, "the control plane ends"});
  server_ = nullptr;
}

void PushStream::end(const grpc::CallStatus& status) {
  if (over_) return;
  left(status);
  call_.finish(status);
}

void PushStream::left(const grpc::CallStatus& status) {
  if (std::exchange(over_, true)) return;
  deadline_.stop();
  static_cast<ListLink<>&>(*this).unlink();
  if (server_) server_->stream_ended(*this);
  if (!introduced_) return;
  log::get("push").info("{} disconnected: code {} {}", printable(session_->node()->id), static_cast<int>(status.code),
                        printable(status.message));
}

}  // namespace proa::mesh
