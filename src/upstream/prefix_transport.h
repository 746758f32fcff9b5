// A transport that sends some bytes first: a PROXY header before TLS or HTTP.
#pragma once

#include <memory>
#include <string>

#include "net/transport.h"

namespace proa::upstream {

/// `inner` is still connecting. on_connected() comes when the prefix is in the socket; a fresh socket that does not
/// take it whole counts as a failed connect.
class PrefixTransport final : public net::Transport, private net::TransportObserver {
 public:
  PrefixTransport(std::unique_ptr<net::Transport> inner, std::string prefix);
  ~PrefixTransport() override;

  net::IoResult read(char* to, size_t size) override { return inner_->read(to, size); }
  net::IoResult writev(std::span<const iovec> pieces) override;
  void shutdown_write() override { inner_->shutdown_write(); }
  void close(bool reset) override { inner_->close(reset); }
  bool open() const override { return inner_->open(); }
  net::Loop& loop() override { return inner_->loop(); }

 private:
  void on_connected() override;
  void on_connect_failed(std::string reason) override;
  void on_readable() override;
  void on_writable() override;
  void on_hangup() override;

  std::unique_ptr<net::Transport> inner_;
  std::string prefix_;  // empty once it is sent
};

}  // namespace proa::upstream
