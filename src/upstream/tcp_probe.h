// Health check by connecting, and optionally by bytes sent and expected.
#pragma once

#include <memory>
#include <string>

#include "net/timer.h"
#include "net/transport.h"
#include "upstream/host_check.h"

namespace proa::upstream {

class TcpProbe final : public Probe, private net::TransportObserver {
 public:
  explicit TcpProbe(HostCheck& check);
  ~TcpProbe() override;
  void start() override;
  void cancel() override;

 private:
  void on_connected() override;
  void on_connect_failed(std::string reason) override;
  void on_readable() override;
  void on_writable() override {}
  void ask();
  void pass();
  void fail(std::string_view reason);
  void drop();
  bool matches() const;
  void on_soon();

  HostCheck& check_;
  std::unique_ptr<net::Transport> transport_;
  net::Timer soon_{net::Timer::of<&TcpProbe::on_soon>(this)};
  std::string answer_;
  std::string failure_;
  bool asking_ = false;
};

}  // namespace proa::upstream
