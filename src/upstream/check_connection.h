// A connection of the main loop's own, for one question at a time: health checks.
#pragma once

#include <memory>
#include <string>

#include "grpc/call.h"
#include "http/codec_pump.h"
#include "upstream/host_check.h"

namespace proa::upstream {

/// Main thread. Opens streams on one connection, made when there is none; not counted as upstream traffic.
class CheckConnection final : public grpc::StreamOpener {
 public:
  /// `check` outlives this.
  CheckConnection(HostCheck& check, bool http2) : check_(check), http2_(http2) {}
  ~CheckConnection() override { drop(); }

  void open(http::ResponseReceiver& receiver, Arena& arena, Waiter& waiter) override;
  void cancel(Waiter& waiter) override;
  /// Ends the connection: the next open() makes a new one.
  void drop();

 private:
  class Pump;
  void connected();
  void failed(std::string reason);
  void give();
  void on_soon();

  HostCheck& check_;
  bool http2_;
  Pump* pump_ = nullptr;  // destroys itself when it has closed
  http::ResponseReceiver* receiver_ = nullptr;
  Arena* arena_ = nullptr;
  Waiter* waiter_ = nullptr;
  std::string failure_;
  net::Timer soon_{net::Timer::of<&CheckConnection::on_soon>(this)};
};

}  // namespace proa::upstream
