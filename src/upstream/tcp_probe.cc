// Health check by connecting, and optionally by bytes sent and expected.
#include "upstream/tcp_probe.h"

#include "net/loop.h"
#include "upstream/connection_factory.h"

namespace proa::upstream {

namespace {
constexpr size_t kMaxAnswer = 64 * 1024;
}

TcpProbe::TcpProbe(HostCheck& check) : check_(check) {}

TcpProbe::~TcpProbe() { drop(); }

void TcpProbe::start() {
  answer_.clear();
  if (transport_) return ask();  // reuse_connection
  Cluster& cluster = check_.cluster();
  auto made = cluster.context().connections->connect(check_.loop(), check_.address(), cluster,
                                                     cluster.socket_for(check_.host()), nullptr,
                                                     UpstreamProtocol::kUseDownstream);
  if (!made) {
    // A result never comes within start(): a timer of no length brings it.
    failure_ = made.error().message;
    soon_.start(check_.loop(), Milliseconds(0));
    return;
  }
  transport_ = std::move(*made);
  transport_->observe(this);
}

void TcpProbe::on_soon() { check_.result(ProbeResult::kNetwork, failure_); }

void TcpProbe::cancel() {
  soon_.stop();
  drop();
}

void TcpProbe::drop() {
  if (!transport_) return;
  transport_->observe(nullptr);
  transport_->close(true);  // nothing of interest is left: no TIME_WAIT for a check
  check_.loop().defer_delete(std::move(transport_));
}

void TcpProbe::on_connected() { ask(); }

void TcpProbe::ask() {
  const HealthCheckSpec& spec = check_.spec();
  asking_ = true;
  if (!spec.send.empty()) {
    iovec piece{const_cast<char*>(spec.send.data()), spec.send.size()};
    auto result = transport_->writev({&piece, 1});
    // A socket that cannot take a greeting at once is no healthy host.
    if (!result.ok() || result.bytes < spec.send.size()) {
      drop();
      failure_ = "cannot send";
      soon_.start(check_.loop(), Milliseconds(0));
      return;
    }
  }
  if (spec.receive.empty()) {
    failure_.clear();
    pass();
  }
}

void TcpProbe::pass() {
  asking_ = false;
  if (!check_.spec().reuse_connection || check_.spec().receive.empty()) drop();
  check_.result(ProbeResult::kPass, "");
}

void TcpProbe::on_connect_failed(std::string reason) { fail(reason); }

void TcpProbe::fail(std::string_view reason) {
  bool was_asking = std::exchange(asking_, false) || transport_;
  std::string kept(reason);
  drop();
  if (was_asking) check_.result(ProbeResult::kNetwork, kept);
}

void TcpProbe::on_readable() {
  char bytes[4096];
  for (;;) {
    if (!transport_) return;
    auto result = transport_->read(bytes, sizeof bytes);
    if (result.state == net::IoResult::State::kBlocked) return;
    if (!result.ok()) return fail("connection closed");
    if (asking_) {
      answer_.append(bytes, result.bytes);
      if (matches()) return pass();
      if (answer_.size() > kMaxAnswer) return fail("answer too long");
    }
    if (result.drained) return;
  }
}

bool TcpProbe::matches() const {
  size_t at = 0;
  for (const std::string& expected : check_.spec().receive) {
    at = answer_.find(expected, at);
    if (at == answer_.npos) return false;
    at += expected.size();
  }
  return true;
}

}  // namespace proa::upstream
