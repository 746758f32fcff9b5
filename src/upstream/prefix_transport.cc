#include "upstream/prefix_transport.h"

#include <cerrno>

namespace proa::upstream {

PrefixTransport::PrefixTransport(std::unique_ptr<net::Transport> inner, std::string prefix)
    : Transport(inner->shared_info()), inner_(std::move(inner)), prefix_(std::move(prefix)) {
  inner_->observe(this);
}

PrefixTransport::~PrefixTransport() {
  inner_->observe(nullptr);
  inner_->close();
}

net::IoResult PrefixTransport::writev(std::span<const iovec> pieces) {
  if (!prefix_.empty()) return {.state = net::IoResult::State::kBlocked};  // not connected yet
  return inner_->writev(pieces);
}

void PrefixTransport::on_connected() {
  iovec piece{prefix_.data(), prefix_.size()};
  net::IoResult result = inner_->writev({&piece, 1});
  if (!result.ok() || result.bytes < prefix_.size()) {
    inner_->close(true);
    return on_connect_failed("cannot send the PROXY header");
  }
  prefix_.clear();
  prefix_.shrink_to_fit();
  if (observer_) observer_->on_connected();
}

void PrefixTransport::on_connect_failed(std::string reason) {
  if (observer_) observer_->on_connect_failed(std::move(reason));
}

void PrefixTransport::on_readable() {
  if (observer_) observer_->on_readable();
}

void PrefixTransport::on_writable() {
  if (observer_) observer_->on_writable();
}

void PrefixTransport::on_hangup() {
  if (observer_) observer_->on_hangup();
}

}  // namespace proa::upstream
